"""A contract that cannot fail proves nothing: each one is broken once, in a copy of the tree, and must say so."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT = "from importlinter.cli import lint_imports_command as main; main()"
FRESH = "tests/docs/test_reference.py::test_the_reference_is_fresh"
EVENT = '''

class PlantedHappened(msgspec.Struct, frozen=True):
    """It happened."""

    person: bytes
'''
ACTION = '''

@action("{name}")
def planted({arguments}) -> None:
    """Do nothing."""
'''


@dataclass(frozen=True)
class Plant:
    """One violation: what is added to which files, which part of `make check` must fail, and what it must name."""

    name: str
    files: dict[str, str]
    check: tuple[str, ...]
    names: str


def imports(contract: str) -> tuple[str, ...]:
    """Return the command that checks one import contract."""
    return ("-c", LINT, "--no-logo", "--no-cache", "--contract", contract)


def architecture(test: str) -> tuple[str, ...]:
    """Return the command that runs one architecture test."""
    return ("-m", "pytest", "-q", "-vv", "-p", "no:cacheprovider", f"tests/architecture/{test}")


def branches(count: int) -> str:
    """Return a documented function with that many branches."""
    return '"""Planted."""\n\n\ndef planted(n: int) -> int:\n    """Do nothing."""\n' + "".join(
        f"    if n == {number}:\n        return {number + 1}\n" for number in range(count)
    )


PLANTS = [
    Plant(
        "a lower room imports a higher one",
        {"kernel/planted.py": "import keepfold.ledger\n"},
        imports("layers"),
        "keepfold.kernel.planted -> keepfold.ledger",
    ),
    Plant(
        "siblings import each other",
        {"consent/planted.py": "import keepfold.vault.types\n", "vault/types.py": ""},
        imports("layers"),
        "keepfold.consent.planted -> keepfold.vault.types",
    ),
    Plant(
        "a room that no layer names",
        {"cupboard/__init__.py": '"""A room nobody decided on."""\n'},
        imports("layers"),
        "cupboard",
    ),
    Plant(
        "primitives used where no keys are kept",
        {"intake/planted.py": "import keepfold.kernel.crypto\n"},
        imports("crypto"),
        "keepfold.intake.planted -> keepfold.kernel.crypto",
    ),
    Plant(
        "keys used outside the vault",
        {"intake/planted.py": "import keepfold.vault.keys\n"},
        imports("keys"),
        "keepfold.intake.planted -> keepfold.vault.keys",
    ),
    Plant(
        "the cryptography library behind the kernel's back",
        {"intake/planted.py": "import cryptography\n"},
        imports("cryptography"),
        "keepfold.intake.planted -> cryptography",
    ),
    Plant(
        "rules that reach for the database",
        {"consent/rules.py": "\nimport django.db\n"},
        imports("pure-rules"),
        "keepfold.consent.rules -> django",
    ),
    Plant(
        "rules that ask the clock",
        {"consent/rules.py": "\nimport time\n"},
        imports("rules-without-io"),
        "keepfold.consent.rules -> time",
    ),
    Plant(
        "models that know the gate",
        {"consent/models.py": "\nimport keepfold.gate\n"},
        imports("plain-models"),
        "keepfold.consent.models -> keepfold.gate",
    ),
    Plant(
        "queries that call actions",
        {"consent/queries.py": "\nimport keepfold.consent.actions\n"},
        imports("inside"),
        "keepfold.consent.queries -> keepfold.consent.actions",
    ),
    Plant(
        "two rooms that lean on each other",
        {"people/planted.py": "import keepfold.policy.types\n", "policy/planted.py": "import keepfold.people.types\n"},
        imports("acyclic"),
        ".policy",
    ),
    Plant(
        "a private module of another room",
        {"intake/planted.py": "import keepfold.vault.models\n"},
        architecture("test_rooms.py"),
        "keepfold.intake.planted -> keepfold.vault.models",
    ),
    Plant(
        "an action that does not pass the gate",
        {"consent/actions.py": '\n\ndef planted(*, actor: object) -> None:\n    """Do nothing."""\n'},
        architecture("test_the_door.py"),
        "consent/actions.py",
    ),
    Plant(
        "an action without an actor",
        {"consent/actions.py": ACTION.format(name="consent.planted.thing", arguments="customer: bytes")},
        architecture("test_the_door.py"),
        "consent: consent.planted.thing",
    ),
    Plant(
        "an action that the vocabulary does not know",
        {"consent/actions.py": ACTION.format(name="consent.planted.thing", arguments="*, actor: object")},
        architecture("test_the_door.py"),
        "test_every_action_is_in_the_vocabulary",
    ),
    Plant(
        "a number outside its room's range",
        {
            "packs/actions.toml": '\n["vault.planted.thing"]\nnumber = 799\nkind = "change"\n'
            'label = { en = "Planted", de = "Gepflanzt" }\n'
        },
        architecture("test_the_door.py"),
        "vault.planted.thing",
    ),
    Plant(
        "an event that no page tells of",
        {"consent/events.py": EVENT},
        ("-m", "pytest", "-q", "-vv", "-p", "no:cacheprovider", FRESH),
        "events.md",
    ),
    Plant(
        "a page of the reference changed by hand",
        {"../../docs/reference/settings.md": "Settings nobody has.\n"},
        ("-m", "pytest", "-q", "-vv", "-p", "no:cacheprovider", FRESH),
        "settings.md",
    ),
    Plant("a file of 601 lines", {"kernel/planted.py": "A = 1\n" * 601}, architecture("test_size.py"), "planted.py"),
    Plant(
        "a function of 61 lines",
        {"kernel/planted.py": "def planted():\n" + "    a = 1\n" * 60},
        architecture("test_size.py"),
        "planted has 61",
    ),
    Plant(
        "a path of somebody's machine",
        {"kernel/planted.py": 'HOME = "/' + 'home/alex/keepfold"\n'},
        architecture("test_hygiene.py"),
        "planted.py",
    ),
    Plant(
        "a function with nine branches",
        {"kernel/planted.py": branches(8)},
        ("-m", "ruff", "check", "src/keepfold/kernel/planted.py"),
        "C901",
    ),
    Plant(
        "a print",
        {"kernel/planted.py": '"""Planted."""\n\nprint("hello")\n'},
        ("-m", "ruff", "check", "src/keepfold/kernel/planted.py"),
        "T201",
    ),
    Plant(
        "a file out of shape",
        {"kernel/planted.py": "A = { 'a':1 }\n"},
        ("-m", "ruff", "format", "--check", "src/keepfold/kernel/planted.py"),
        "planted.py",
    ),
    Plant(
        "a function without types",
        {"kernel/planted.py": "def planted(a):\n    return a\n"},
        ("-m", "mypy", "-m", "keepfold.kernel.planted"),
        "no-untyped-def",
    ),
]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of what `make check` looks at."""
    ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
    for folder in ("src", "tests/architecture", "tests/docs", "tests/support", "tools", "bench", "docs"):
        if (ROOT / folder).is_dir():
            shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignore)
    for file in ("pyproject.toml", "conftest.py", "tests/conftest.py"):
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


def run(copy: Path, check: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """Run one part of `make check` in a copy."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "KEEPFOLD"))}
    environment |= {"PYTHONPATH": str(copy / "src"), "KEEPFOLD_HOME": str(copy / "var"), "NO_COLOR": "1"}
    return subprocess.run(
        [sys.executable, *check], cwd=copy, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name.replace(" ", "-"))
def test_a_planted_violation_fails_the_check_that_forbids_it(copy, plant):
    for name, text in plant.files.items():
        file = copy / "src" / "keepfold" / name
        file.parent.mkdir(exist_ok=True)
        with file.open("a", encoding="utf-8") as handle:
            handle.write(text)
    result = run(copy, plant.check)
    assert result.returncode != 0, result.stdout
    assert plant.names in result.stdout


def test_every_import_contract_is_broken_once():
    contracts = {
        line.split('"')[1]
        for line in (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
        if line.startswith("id = ")
    }
    assert contracts - {plant.check[-1] for plant in PLANTS} == set()

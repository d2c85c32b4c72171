"""Mapping files on disk: YAML or TOML, told by the ending."""

from __future__ import annotations

import io
import tomllib
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from keepfold.intake.rules.mapping import VERSION, Plan, document
from keepfold.kernel.errors import Conflict, Invalid, Malformed, NotFound, TooLarge, Unavailable

_LARGEST = 1 << 20
_HEAD = "# Which column becomes which data item. Change it, then: keepfold import … --mapping {name}\n"


def read(path: Path) -> object:
    """Return what a mapping file holds. Raises `NotFound`, `TooLarge` or `Malformed` with the place of the mistake."""
    try:
        if path.stat().st_size > _LARGEST:
            raise TooLarge(f"{path.name} is too large for a mapping.", code="intake.mapping-too-large")
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise NotFound(f"There is no mapping file {path.name}.", code="intake.mapping-missing") from None
    except UnicodeDecodeError:
        raise _malformed(path, "it is not UTF-8") from None
    except OSError as error:
        raise Unavailable(f"{path.name} cannot be read: {error.strerror}.", code="intake.mapping-unreadable") from error
    return _toml(path, text) if path.suffix.lower() == ".toml" else _yaml(path, text)


def _toml(path: Path, text: str) -> object:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _malformed(path, str(error)) from None
    except RecursionError:
        raise _malformed(path, "it is nested too deeply") from None


def _yaml(path: Path, text: str) -> object:
    try:
        return YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "somewhere"
        raise _malformed(path, f"{error.problem or 'it is not YAML'} ({where})") from None
    except RecursionError:
        raise _malformed(path, "it is nested too deeply") from None
    except (YAMLError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as error:
        # ruamel lets odd scalars (0x, dates of year 0) out as whatever Python raised.
        raise _malformed(path, f"a value in it cannot be read ({type(error).__name__})") from None


def _malformed(path: Path, why: str) -> Malformed:
    return Malformed(
        f"{path.name} cannot be read as a mapping: {why}.",
        code="intake.mapping-malformed",
        next_step="A new one is written with --write-mapping.",
    )


def write(path: Path, plan: Plan) -> None:
    """Write a mapping as YAML, for review. Raises `Conflict` rather than overwrite a file."""
    if path.suffix.lower() == ".toml":
        raise Invalid("Mappings are written as YAML.", code="intake.mapping-ending", next_step="Name a .yaml file.")
    content: dict[str, Any] = {"mapping": VERSION, "policy": plan.policy, "fields": document(plan.fields)}
    if plan.empty:
        content["empty"] = list(plan.empty)
    content["not_stored"] = list(plan.not_stored)
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = None
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    out = io.StringIO()
    yaml.dump(content, out)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(_HEAD.format(name=path.name) + out.getvalue())
    except FileExistsError:
        raise Conflict(
            f"{path.name} exists.", code="intake.mapping-exists", next_step="Name another file, or remove it first."
        ) from None
    except OSError as error:
        raise Unavailable(f"{path.name} cannot be written: {error.strerror}.", code="intake.unwritable") from error

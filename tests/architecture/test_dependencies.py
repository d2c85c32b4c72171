"""One list of dependencies, each justified, each permissive, and the locks made from it."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest

from tests.architecture import tree

ROOT = Path(__file__).resolve().parents[2]
PERMISSIVE = {"MIT", "MIT-0", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "ISC", "MPL-2.0", "PSF-2.0", "Unlicense"}
# Used as libraries that a user may replace, which is what the LGPL asks for.
AS_A_LIBRARY = {"LGPL-2.1-only", "LGPL-3.0-only", "LGPL"}
# What older metadata calls them.
OLDER_NAMES = {
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "Apache Software License": "Apache-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "BSD": "BSD-3-Clause",
}
# Metadata without a licence: how the licence file that comes with it begins.
ONLY_A_FILE = {"zxcvbn-rs-py": ("MIT", "MIT License")}
# Import names that differ from the name of the distribution.
IMPORTED_AS = {
    "django-ninja": "ninja",
    "markdown-it-py": "markdown_it",
    "python-stdnum": "stdnum",
    "ruamel.yaml": "ruamel",
    "email-validator": "email_validator",
    "prometheus-client": "prometheus_client",
    "django-allauth": "allauth",
    "zxcvbn-rs-py": "zxcvbn_rs_py",
}
# Not imported by name: the server is run as a program, the driver is named in SQLAlchemy's addresses, and allauth
# checks passkeys with the library for them.
NAMED_OTHERWISE = {"granian": "granian", "pymysql": "mysql+pymysql", "fido2": "allauth.mfa.webauthn"}


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def names(requirements):
    return {re.split(r"[\[<>=!~ ;]", requirement)[0] for requirement in requirements}


def locked(file):
    """Return name → version of a lock."""
    text = (ROOT / "requirements" / file).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[[^\]]*\])?==([^ ;\\]+)", text, re.MULTILINE))


def licences(distribution):
    """Return the SPDX names in a distribution's metadata, from the newest field that it fills."""
    if distribution in ONLY_A_FILE:
        name, beginning = ONLY_A_FILE[distribution]
        text = importlib.metadata.distribution(distribution).read_text("licenses/LICENSE") or ""
        return {name} if text.lstrip("# \n").startswith(beginning) else set()
    metadata = importlib.metadata.metadata(distribution)
    expression = metadata["License-Expression"] or metadata["License"]
    if not expression or len(expression) > 60:
        named = [line.split(" :: ")[-1] for line in metadata.get_all("Classifier", []) if line.startswith("License")]
        return {OLDER_NAMES.get(name, name) for name in named}
    return {OLDER_NAMES.get(part, part) for part in re.split(r"[() ]+", expression) if part not in {"", "AND", "OR"}}


@pytest.mark.parametrize("distribution", sorted(locked("app.txt")))
def test_what_the_product_installs_is_under_a_permissive_licence(distribution):
    found = licences(distribution)
    assert found, "the metadata names no licence"
    assert found <= PERMISSIVE | AS_A_LIBRARY


def test_every_dependency_says_what_it_is_for():
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    declared = names(project()["project"]["dependencies"]) | names(project()["dependency-groups"]["dev"])
    silent = {
        name for name in declared if not any(re.match(rf'\s+"{re.escape(name)}[^#]*",\s+# \S+', line) for line in lines)
    }
    assert silent == set()


def test_every_dependency_is_used():
    imported, text = set(), ""
    for path in tree.python_files(tree.package(ROOT)):
        text += path.read_text(encoding="utf-8")
        for node in ast.walk(tree.parse(path)):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                imported.add(node.module.split(".")[0])
    declared = names(project()["project"]["dependencies"])
    unused = {name for name in declared if IMPORTED_AS.get(name, name) not in imported}
    assert {name for name in unused if NAMED_OTHERWISE.get(name, "\0") not in text} == set()


def test_what_is_installed_is_what_is_locked():
    wrong = {}
    for name, version in locked("dev.txt").items():
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found = "not installed"
        if found != version:
            wrong[name] = f"{found}, locked {version}"
    assert wrong == {}


def test_the_locks_agree_with_each_other_and_with_the_list():
    app, dev, build = locked("app.txt"), locked("dev.txt"), locked("build.txt")
    assert app.items() <= dev.items()
    assert build.items() <= dev.items()
    normal = {name.replace(".", "-") for name in names(project()["project"]["dependencies"])}
    assert normal <= set(app)


def test_every_line_of_a_lock_carries_hashes():
    for file in ("app.txt", "dev.txt", "build.txt"):
        text = (ROOT / "requirements" / file).read_text(encoding="utf-8")
        entries = re.split(r"\n(?=\S)", text.strip())
        assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []

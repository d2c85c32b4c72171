#!/bin/sh
# Resolve pyproject.toml into exact versions with hashes. Pass --upgrade to take newer versions.
set -eu
cd "$(dirname "$0")/.."
command -v uv >/dev/null || { echo "make lock needs uv:  pip install uv"; exit 1; }

resolve() {
  uv pip compile --quiet --python-version 3.11 --generate-hashes --no-header --no-annotate "$@"
}

resolve "${1:---no-upgrade}" pyproject.toml -o requirements/app.txt
resolve "${1:---no-upgrade}" pyproject.toml --group dev --group build -c requirements/app.txt -o requirements/dev.txt
resolve "${1:---no-upgrade}" --group pyproject.toml:build -c requirements/dev.txt -o requirements/build.txt

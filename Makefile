# Keepfold. `make` alone lists the targets.
#
# Everything is installed into .venv from requirements/*.txt, exact versions with hashes, by plain pip. A stamp file that is
# named after the hash of those lists says what is installed, so a second run costs milliseconds.

PYTHON ?= python3
SHELL := /bin/sh
.DEFAULT_GOAL := help
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
BUILD_STAMP := $(VENV)/build-$(shell cat requirements/build.txt pyproject.toml | sha256sum | cut -c1-16)
APP_STAMP := $(VENV)/app-$(shell sha256sum requirements/app.txt | cut -c1-16)
DEV_STAMP := $(VENV)/dev-$(shell sha256sum requirements/dev.txt | cut -c1-16)
# One more than the two cores of the slowest machine we know of, since many tests wait for processes that they started;
# WORKERS=0 runs everything in one process.
WORKERS ?= 3
# What looks at the project instead of running it belongs to `make check`.
CHECKED := tests/architecture tests/docs
TESTS ?= tests $(CHECKED:%=--ignore=%)
JOURNEYS ?= tests/journeys
PAGES ?=

.PHONY: help
help: ## List the targets
	@echo "Keepfold: make TARGET"
	@echo
	@grep -hE '^[a-z][a-z<>-]*:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z<>-]+):.*## /\1|/' \
	  | awk -F '|' '{ printf "  %-12s %s\n", $$1, $$2 }'

# ------------------------------------------------------------------------------------------------------------ install

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "Keepfold needs Python 3.11 or newer as $(PYTHON). On Debian 12, type:  apt-get install python3"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "Python cannot make virtual environments here. Type:  apt-get install python3-venv"; exit 1; }
	@echo "Making $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(APP_STAMP): | $(BIN)/python
	@echo "Installing what Keepfold needs"
	@$(PIP) --require-hashes -r requirements/app.txt
	@rm -f $(VENV)/app-*
	@touch $@

$(DEV_STAMP): | $(BIN)/python
	@echo "Installing what Keepfold and its tests need"
	@$(PIP) --require-hashes -r requirements/dev.txt
	@rm -f $(VENV)/app-* $(VENV)/dev-*
	@touch $@ $(APP_STAMP)

$(BUILD_STAMP): | $(BIN)/python
	@$(PIP) --require-hashes -r requirements/build.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/build-*
	@touch $@

.PHONY: setup
setup: $(DEV_STAMP) $(BUILD_STAMP) ## Install everything for work on the project into .venv

.PHONY: install
install: $(APP_STAMP) $(BUILD_STAMP) ## Install only what running needs into .venv

# ---------------------------------------------------------------------------------------------------------------- run

.PHONY: run
run: install ## Start Keepfold with demonstration data; prints the address and a first token
	@$(BIN)/keepfold run

.PHONY: demo
demo: install ## Throw the demonstration away and build it anew
	@$(BIN)/keepfold demo --reset

# --------------------------------------------------------------------------------------------------------------- prove

.PHONY: test
test: setup ## Run all tests but those of `make check`; they need nothing but Python (TESTS=path for some of them)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(TESTS)

.PHONY: test-pg
test-pg: setup ## Run only the tests that need PostgreSQL, on throw-away servers (`make test` runs them too)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m postgres $(TESTS)

.PHONY: journeys
journeys: setup ## Walk through the console in Chromium, as everybody on the staff (JOURNEYS=path for some of it)
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m journey $(JOURNEYS)

.PHONY: observatory
observatory: setup ## Let MDN's HTTP Observatory grade an installation behind TLS on this machine (needs node and npm)
	@$(BIN)/python -m tools.observatory

.PHONY: check
check: setup ## Prove style, types, contracts between rooms, that pages say what is so, and that the reference is fresh
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(CHECKED)

.PHONY: bench
bench: setup ## Run all benchmarks, beside their peers (bench-NAME for one)
	@$(BIN)/python -m bench

.PHONY: bench-pages
bench-pages: setup ## Measure every page over a million customers; the store is built once, in an hour (PAGES=--small)
	@$(BIN)/python -m bench.bench_pages $(PAGES)

.PHONY: bench-%
bench-%: setup
	@$(BIN)/python -m bench $*

# ------------------------------------------------------------------------------------------------------------ maintain

.PHONY: format
format: setup ## Put every file into shape
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

.PHONY: docs
docs: setup ## Write the reference pages anew from the code
	@$(BIN)/python tools/docs.py

.PHONY: messages
messages: setup ## Compile the translations
	@$(BIN)/python tools/messages.py

.PHONY: vendor
vendor: setup ## Bring in fonts, icons and htmx anew from their npm packages (maintainers; needs npm)
	@$(BIN)/python tools/vendor.py

.PHONY: lock
lock: ## Resolve pyproject.toml into requirements/*.txt (maintainers; needs uv)
	@tools/lock.sh

.PHONY: clean
clean: ## Remove .venv and caches; never var/, where data lives
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist
	@find src tests tools bench -name __pycache__ -type d -exec rm -rf {} +

# `make test` does everything, from nothing: it finds a Python >= 3.12, makes .venv, installs, checks, tests.
SHELL := /bin/sh
VENV ?= .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell tools/find-python)

.PHONY: test check unit e2e golden audit clean

test: check unit e2e

check: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(VENV)/.ready
	$(BIN)/pytest -q tests --ignore=tests/e2e

e2e: $(VENV)/.ready
	$(BIN)/pytest -q tests/e2e

golden: $(VENV)/.ready  ## rewrite the golden files from what the code does now
	$(BIN)/pytest -q tests/golden tests/unit/test_explain_docs.py tests/unit/test_filters_docs.py \
	    tests/unit/test_imports_docs.py tests/unit/test_faults_docs.py --rewrite-golden

audit: $(VENV)/.ready  ## known vulnerabilities in what is installed; fails with 75 where they cannot be looked up
	$(BIN)/python tools/audit.py

$(VENV)/.ready: pyproject.toml
	@test -n "$(PYTHON)" || { echo "apispy needs Python 3.12 or newer; found none. Install one (pyenv, apt, brew), or: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable . --group dev
	touch $@

clean:
	rm -rf $(VENV) $(VENV)-audit .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# Everything a contributor runs. `make` alone prints this help; each target sets up what it needs.
VENV    ?= .venv
PYTHON  ?= python3
JOBS    ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
BIN     := $(VENV)/bin
.DEFAULT_GOAL := help
# Tests and benchmarks start hundreds of programs, each of which would compile the whole package anew.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help demo test check lint bench dist clean

help:  ## print this help
	@echo "usage: make TARGET"
	@sed -n 's/^\([a-z]*\):.*##/  \1 \t/p' Makefile | expand -t 10

demo: $(VENV)/.ready-base  ## import a sample, show log, status and prompt, then the same history with git
	@PATH="$(abspath $(BIN)):$$PATH" sh docs/demo.sh

test: $(VENV)/.ready-test  ## run the tests on all cores
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(ARGS)

check: lint test  ## what CI runs: lint, types, contracts, tests

lint: $(VENV)/.ready-dev  ## ruff, mypy --strict, import contracts
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.ready-bench  ## measure against peers; results go to benchmarks/
	$(BIN)/python -m benchmarks $(ARGS)

dist: $(VENV)/.ready-dev  ## build sdist and wheel into dist/
	rm -rf dist
	$(BIN)/python -m build

clean:  ## remove what was built, the virtual environment included
	rm -rf $(VENV) build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find trace_git tests docs -name __pycache__ -prune -exec rm -rf {} +

# The environment. A stamp file for each set of dependencies makes the second time quick.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "error: trace-git needs Python 3.11 or later; try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.ready-base: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet -e .
	@touch $@

$(VENV)/.ready-%: pyproject.toml | $(VENV)/.ready-base
	$(BIN)/python -m pip install --quiet --group $*
	@touch $@

.PRECIOUS: $(BIN)/python $(VENV)/.ready-base

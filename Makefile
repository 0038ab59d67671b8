# Two commands do everything on a fresh machine: `make demo` and `make test`. Nothing is written outside this folder and
# the user's cache folder.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

BIN := .venv/bin
LOCK := tools/requirements.lock
# One more than there are cores: the tests wait for processes as often as they work.
WORKERS ?= $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) + 1)))
FITS := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14 python; do \
	$$p -c '$(FITS)' >/dev/null 2>&1 && echo $$p && break; done)

.PHONY: help demo test check engine lock bench bench-reading clean

help:
	@echo "make demo    watch a sample contact centre being previewed, applied, changed by hand and repaired"
	@echo "make test    every check and every test, with branch coverage"
	@echo "make check   ruff and mypy alone"
	@echo "make engine  have a Pulumi engine, and say which one is used"
	@echo "make bench   the measurements of runs; make bench-reading those of reading YAML"
	@echo "make lock    renew $(LOCK) within the ranges of pyproject.toml (needs uv)"
	@echo "make clean   remove everything that these commands made in this folder"

demo: engine
	$(BIN)/python tools/demo.py

test: check engine
	$(BIN)/coverage erase
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --cov --cov-report=term $(ARGS)

check: .venv/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: engine
	$(BIN)/python -m tests.bench $(ARGS)

bench-reading: .venv/.installed
	$(BIN)/python -m tests.bench.reading $(ARGS)

engine: .venv/.installed
	@$(BIN)/python -m tools.engine.obtain

.venv/.installed: $(LOCK) pyproject.toml
	@test -n "$(PYTHON)" && $(PYTHON) -c '$(FITS)' >/dev/null 2>&1 || { \
		echo "cxconfig needs Python 3.11 or newer with venv and ensurepip; found: $$($(or $(PYTHON),python3) --version 2>&1)." >&2; \
		echo "Install one (on Debian and Ubuntu also the package python3-venv), or name it: make PYTHON=/path/to/python3 $(MAKECMDGOALS)" >&2; \
		exit 1; }
	@$(BIN)/python -c '$(FITS)' >/dev/null 2>&1 || { echo "$(PYTHON) -m venv .venv"; $(PYTHON) -m venv --clear .venv; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $(LOCK)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	$(BIN)/python -m pip check --disable-pip-version-check
	@touch $@

UV ?= $(shell command -v uv || ls $(BIN)/uv 2>/dev/null)

lock:
	@test -n "$(UV)" || { echo "make lock needs uv on PATH: https://docs.astral.sh/uv/" >&2; exit 1; }
	$(UV) pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
		--all-extras $(if $(UPGRADE),--upgrade) --output-file $(LOCK) pyproject.toml

clean:
	rm -rf .venv .demo build dist *.egg-info .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find cxconfig providers tests tools -name __pycache__ -type d -prune -exec rm -rf {} +

# Two commands are all that a fresh machine needs: `make demo` and `make test`. Both make the environment first.
.DEFAULT_GOAL := help
.PHONY: help setup demo demo-latent up quick test test-rest test-all test-changed test-times check goldens release bench bench-rights bench-growth clean

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' && echo $$p && break; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check
PORT ?= 3000
JOBS ?= 4

help:
	@echo "make demo   the whole pipeline offline, from an empty folder to pictures (about seven minutes)"
	@echo "make demo-latent  the same with autoencoder and latent models beside"
	@echo "make quick  the tests that need no torch, no server and no run of Dagster"
	@echo "make test   each thing that the project does, shown once for real"
	@echo "make test-all  every test; test-rest: what test leaves out; test-changed: what a change since SINCE=HEAD can reach"
	@echo "make test-times  every test, and what each file, its imports and its fixtures cost"
	@echo "make up     the Dagster UI on http://127.0.0.1:$(PORT)"
	@echo "make setup  the environment in $(VENV) (the other targets call it)"
	@echo "make check  ruff and mypy"
	@echo "make goldens  what is frozen beside the tests, written anew; read the difference"
	@echo "make release  sdist and wheel in dist/, installed elsewhere and tried with pdd demo (about 15 minutes)"
	@echo "make bench-rights  the rights decision beside two others, on labelled pages that anybody may use"
	@echo "make bench-growth  every asset, check and sensor at 1x, 3x and 10x of rows: cost and memory (about half an hour)"
	@echo "make bench  the harvest beside mwclient, on a local MediaWiki (about ten minutes)"

setup: $(VENV)/.installed

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "found no Python 3.11 or newer, which is needed; install it, or say PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "== making the environment in $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)

# Where the environment forbids Python to keep what it compiled, each of the many processes of a test run or of the demo
# would compile our modules anew.
unexport PYTHONDONTWRITEBYTECODE

# Compiled by all cores, not by pip's one. Some packages carry files for other versions of Python: they stay as they are.
INSTALL := $(PIP) install --quiet --progress-bar on --no-compile --constraint constraints.txt --editable
COMPILE := $(BIN)/python -m compileall -q -j 0 $(VENV)/lib > /dev/null 2>&1 || true

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "== installing the pinned packages of constraints.txt into $(VENV) (the first time this takes some minutes)"
	@$(INSTALL) .
	@$(COMPILE)
	@touch $@

$(VENV)/.installed-dev: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "== installing the pinned packages and what the tests need into $(VENV) (the first time this takes some minutes)"
	@$(INSTALL) '.[dev]'
	@$(COMPILE)
	@touch $(VENV)/.installed $@

demo: $(VENV)/.installed
	@$(BIN)/pdd demo

demo-latent: $(VENV)/.installed
	@$(BIN)/pdd demo --latent

up: $(VENV)/.installed
	@$(BIN)/pdd up --port $(PORT)

# The tests of a file, or of one shared server, go to one worker; what is dear is made once for all of them.
PYTEST := $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

quick: $(VENV)/.installed-dev
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not extended and not slow" $$($(BIN)/python -m tests.sizes quick) $(ARGS)

test: $(VENV)/.installed-dev
	@$(PYTEST) -m "not extended" $(ARGS)

test-rest: $(VENV)/.installed-dev
	@$(PYTEST) -m extended $$($(BIN)/python -m tests.sizes extended) $(ARGS)

test-all: $(VENV)/.installed-dev
	@$(PYTEST) $(ARGS)

test-changed: $(VENV)/.installed-dev
	@reached=$$($(BIN)/python -m tests.reach $(SINCE)); test -n "$$reached" || { echo "no test can see a change"; exit 0; }; \
	$(PYTEST) $$reached $(ARGS)

test-times: $(VENV)/.installed-dev
	@$(PYTEST) -p tests.times --times times.json $(ARGS) || failed=$$?; $(BIN)/python -m tests.times times.json; exit $${failed:-0}

check: $(VENV)/.installed-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

goldens: $(VENV)/.installed-dev
	@$(BIN)/python -W ignore -m tests.goldens && git diff --stat

# An sdist and a wheel in dist/, and the wheel tried in an environment of its own, elsewhere.
release: $(VENV)/.installed-dev
	@$(PIP) install --quiet build
	@rm -rf dist && $(BIN)/python -m build --quiet && ls -l dist
	@tried=$$(mktemp -d) && $(PYTHON) -m venv $$tried/venv 	&& $$tried/venv/bin/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt dist/*.whl 	&& cd $$tried && PD_HOME=$$tried/home venv/bin/pdd demo && echo "dist/ installs and runs: tag it" && rm -rf $$tried

bench: $(VENV)/.installed-dev
	@$(BIN)/python -m tests.bench.harvest $(ARGS)

bench-rights: $(VENV)/.installed-dev
	@$(BIN)/python -m benchmarks.rights.compare $(ARGS)

bench-growth: $(VENV)/.installed-dev
	@$(BIN)/python -m tests.bench.growth $(ARGS)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache

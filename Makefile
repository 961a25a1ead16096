# Two commands are all that a fresh machine needs: `make demo` and `make test`. Both make the environment first.
.DEFAULT_GOAL := help
.PHONY: help setup demo demo-latent up test check bench clean

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' && echo $$p && break; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check
PORT ?= 3000
JOBS ?= 4

help:
	@echo "make demo   the whole pipeline offline, from an empty folder to a picture (about ten minutes)"
	@echo "make demo-latent  the same with autoencoder, latent model and upscaler: pictures of 128 pixels"
	@echo "make test   every test"
	@echo "make up     the Dagster UI on http://127.0.0.1:$(PORT)"
	@echo "make setup  the environment in $(VENV) (the other targets call it)"
	@echo "make check  ruff and mypy"
	@echo "make bench  the harvest beside mwclient, on a local MediaWiki (about ten minutes)"

setup: $(VENV)/.installed

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "found no Python 3.11 or newer, which is needed; install it, or say PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "== making the environment in $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "== installing the pinned packages of constraints.txt into $(VENV) (the first time this takes some minutes)"
	@$(PIP) install --quiet --progress-bar on --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "== installing what the tests need"
	@$(PIP) install --quiet --progress-bar on --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(VENV)/.installed
	@$(BIN)/pdd demo

demo-latent: $(VENV)/.installed
	@$(BIN)/pdd demo --latent

up: $(VENV)/.installed
	@$(BIN)/pdd up --port $(PORT)

test: $(VENV)/.installed-dev
	@echo "== running the tests, $(JOBS) files at a time"
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(VENV)/.installed-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: $(VENV)/.installed-dev
	@$(BIN)/python -m tests.bench.harvest $(ARGS)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache

# Everything happens in .venv; nothing needs root, and once installed nothing needs a network.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
PEERS  := .venv-bench

.PHONY: run demo test lint check bench bench-why shots clean help

help:            ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

run: $(STAMP)    ## start perf-tui here
	@$(BIN)/perf-tui

demo: $(STAMP)   ## start a real service, a model server and workers here, and watch them
	@$(BIN)/perf-tui demo

test: $(STAMP)   ## run the tests
	@$(BIN)/python -m pytest

lint: $(STAMP)   ## style, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test ## what CI runs

bench: $(STAMP)  ## beside htop, btop and Glances, where they are installed
	@command -v glances >/dev/null || test -x $(PEERS)/bin/glances || \
	  { $(PYTHON) -m venv $(PEERS) && $(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check glances; } || \
	  echo "Glances cannot be installed here: it is left out"
	@$(BIN)/python -m benchmarks

bench-why: $(STAMP)  ## break real things for half an hour: is their cause named?
	@$(BIN)/python -m benchmarks.why

shots: $(STAMP)  ## take the pictures in screenshots/ through the real program
	@$(BIN)/python -m screenshots.take

$(STAMP): pyproject.toml perf_tui/__init__.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "perf-tui needs Python 3.11 or newer; name one with: make PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "No virtual environment can be made: install python3-venv (Debian, Ubuntu), or uv and run: uv venv --seed .venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	@touch $@

clean:           ## remove what make made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

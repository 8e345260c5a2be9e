# What a person types here. `make` alone lists it.
# Needs GNU make 3.81 or newer and Python 3.11 or newer; everything else goes into .venv and .uv.

PYTHON ?= python3
PORT ?= 8501
WORKERS ?= auto

UV := .uv/bin/uv
BIN := .venv/bin

# `install`, never `sync`: the app's packages are a part of the developer's, so neither removes the other.
INSTALL := $(UV) pip install --quiet --python $(BIN)/python
INSTALL_PACKAGE := $(INSTALL) --no-deps --no-build-isolation --editable .
# One thread of linear algebra for each worker: the workers fill the cores.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(WORKERS)
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url --no-annotate

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help setup app test check bench slow pictures lock clean

help:
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-14s %s\n", $$1, $$2 }'

setup: .venv/dev-ready  ## make the environment for the app and for work on it

app: .venv/app-ready  ## open the sand-table at http://127.0.0.1:8501 (PORT=8600 for another port)
	$(BIN)/streamlit run streamlit_app.py --server.port $(PORT)

test: .venv/dev-ready  ## run the tests, all but the slow ones, one worker to a core (WORKERS=0: no workers)
	$(PYTEST)

check: .venv/dev-ready  ## lint, format, types, import layers, then the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory test

bench: .venv/dev-ready  ## measure speed and print the table
	$(BIN)/python -m tests.bench

agreement: .venv/dev-ready  ## compare with pyblp and write docs/model/agreement.md
	$(BIN)/python -m docs.model.agreement

slow: .venv/dev-ready  ## run the tests that take minutes
	$(PYTEST) -m slow

pictures: .venv/dev-ready  ## take the pictures of the README from the real app (needs a chromium)
	$(BIN)/python docs/pictures/take.py

lock: .uv/ready  ## write requirements/*.txt again from pyproject.toml (UPGRADE=--upgrade renews all)
	$(COMPILE) $(UPGRADE) --group build --output-file requirements/app.txt pyproject.toml
	$(COMPILE) $(UPGRADE) --group build --group dev --constraint requirements/app.txt \
		--output-file requirements/dev.txt pyproject.toml
	$(COMPILE) $(UPGRADE) --output-file requirements/uv.txt requirements/uv.in

clean:  ## remove the environments and all caches
	rm -rf .venv .uv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find sandtable tests -type d -name __pycache__ -prune -exec rm -rf {} +

.uv/ready: requirements/uv.txt
	@command -v "$(PYTHON)" > /dev/null 2>&1 || { \
		echo "No program '$(PYTHON)' was found; install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; \
		exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "'$(PYTHON)' is $$("$(PYTHON)" --version 2>&1); sandtable needs Python 3.11 or newer. Name one: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; \
		exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2> /dev/null || { \
		echo "'$(PYTHON)' lacks its venv module; on Debian and Ubuntu: apt-get install python3-venv" >&2; \
		exit 1; }
	@echo "Preparing .uv, the installer ..."
	@"$(PYTHON)" -m venv --clear .uv
	@.uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		--requirement requirements/uv.txt
	@touch $@

# .uv/bin/python and not $(PYTHON): both environments must stand on one interpreter.
.venv/pyvenv.cfg: | .uv/ready
	@$(UV) venv --quiet --clear --python .uv/bin/python .venv

.venv/app-ready: requirements/app.txt pyproject.toml .venv/pyvenv.cfg | .uv/ready
	@echo "Installing the app's packages into .venv; the first time takes a while ..."
	@$(INSTALL) --require-hashes --requirement requirements/app.txt
	@$(INSTALL_PACKAGE)
	@touch $@

.venv/dev-ready: requirements/dev.txt pyproject.toml .venv/pyvenv.cfg | .uv/ready
	@echo "Installing all packages into .venv; the first time takes a while ..."
	@$(INSTALL) --require-hashes --requirement requirements/dev.txt
	@$(INSTALL_PACKAGE)
	@touch .venv/app-ready $@

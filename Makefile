# Two commands matter: `make demo` and `make test`. Each does all of its own set-up.
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
WORKERS ?= 2
SPEECH ?= ../shared/speech

# Modules are compiled once, when they are first imported, and not by each of the thousand processes that the tests
# start. Nearly all that is installed is never imported, and compiling that too takes as long as installing it.
export PYTHONDONTWRITEBYTECODE :=
PIP_INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --no-compile --constraint constraints.txt

.PHONY: demo sky web test lint bench bench-gpu openapi constraints sbom notices audit clean help

help:
	@echo "make demo    the whole way, over HTTP, on a fresh database"
	@echo "make web     a registry with people in it, to look at in a browser; Ctrl-C ends it"
	@echo "make sky     a dispute, three times, with real voices and clones of them: SPEECH=FOLDER says where they are"
	@echo "make test    every test, on SQLite and PostgreSQL"
	@echo "make lint    ruff, mypy, import-linter, codespell, OpenAPI"
	@echo "make bench   speed and memory, beside what one would use instead"
	@echo "make sbom    bill of materials, to sbom.json; make notices, licence texts, to NOTICES.txt"
	@echo "make audit   whether anything is known against a pinned version; fails, too, where nobody can be asked"
	@echo "make bench-gpu   the same on CUDA, and whether it decides as the processor does"

# The pip that comes with Python 3.11 takes more than twice as long to find what to install.
$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11"; exit 2; }
	@command -v cc >/dev/null || { echo "a C compiler is needed (Debian: apt-get install gcc python3-dev)"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(PIP_INSTALL) "pip>=26,<27" "setuptools<81" wheel
	$(PIP_INSTALL) --editable ".[dev,postgres,ray]"
	@touch $@

demo: $(INSTALLED)
	@$(BIN)/python examples/demo.py

web: $(INSTALLED)
	@$(BIN)/python examples/web.py

sky: $(INSTALLED)
	@$(BIN)/python examples/sky/tell.py --speech $(SPEECH) --out build/sky

test: $(INSTALLED)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

lint: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/python -m api.openapi --check

# One after the other, all of them, even where one says that it missed its bar.
bench: $(INSTALLED)
	@status=0; \
	for benchmark in "encode --repeats 3" "scan --repeats 3" "growth" "search --rows 10000 100000" "gallery --performers 10000" \
	    "serve --performers 10000"; do \
	    echo "python -m benchmarks.$$benchmark"; \
	    $(BIN)/python -m benchmarks.$$benchmark || status=$$?; \
	done; exit $$status

bench-gpu: $(INSTALLED)
	@$(BIN)/python -c 'import sys, torch; sys.exit(not torch.cuda.is_available())' || { echo "make bench-gpu needs a CUDA device, and torch finds none here"; exit 2; }
	$(BIN)/python -m pytest -n 0 tests/gpu
	$(BIN)/python -m benchmarks.encode --device cuda
	$(BIN)/python -m benchmarks.scan --device cuda
	$(BIN)/python -m benchmarks.search --device cuda

openapi: $(INSTALLED)
	$(BIN)/python -m api.openapi

constraints: $(INSTALLED)
	@{ head -1 constraints.txt; $(BIN)/pip list --format=freeze --disable-pip-version-check | grep -viE '^(pip|wheel|likeness-registry)==' | sed 's/+cpu$$//' | sort -f; } > constraints.new && mv constraints.new constraints.txt

sbom: $(INSTALLED)
	$(BIN)/python -m supply.sbom > sbom.json

notices: $(INSTALLED)
	$(BIN)/python -m supply.notices > NOTICES.txt

# Not a part of `make test`: it asks an index, and what is known changes by the day.
audit: $(INSTALLED)
	$(BIN)/python -m supply.audit

clean:
	rm -rf $(VENV) sbom.json NOTICES.txt build dist *.egg-info .mypy_cache .ruff_cache .import_linter_cache .hypothesis

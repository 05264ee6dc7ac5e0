# make demo: a film in out/loop.mp4    make test, test-all: fast tests, all tests    make lint: ruff and mypy    make docs: the site
# Works on a fresh Debian with Python 3.11 or newer (apt install python3-venv make git).

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
KERNELS := $(wildcard genart/kernels/src/*) genart/kernels/build.py
SOURCES := $(shell find genart plugins sketches -type f -not -name '*.pyc')

.PHONY: demo test test-all mutants lint docs stills clean

# Each stamp is newer than what it was made from, or is made again.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "genart needs Python 3.11 or newer: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "No venv module: apt install python3-venv"; exit 1; }

$(VENV)/.installed: pyproject.toml $(SOURCES) | $(VENV)/bin/python
	rm -rf build # what an older build left there would go into this one
	$(BIN)/python -m pip install --quiet --disable-pip-version-check .
	touch $@

$(VENV)/.develop: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@ $(VENV)/.kernels # pip has compiled them

# An editable install compiles its kernels again when their sources change; it works without, too.
$(VENV)/.kernels: $(KERNELS) | $(VENV)/.develop
	@$(BIN)/python -m genart.kernels || true
	@touch $@

$(VENV)/.docs: pyproject.toml | $(VENV)/.develop
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	touch $@

# An editable install, where there is one, is never older than the checkout.
demo: | $(VENV)/bin/python
	@if test -e $(VENV)/.develop; then $(MAKE) --no-print-directory $(VENV)/.kernels; \
		else $(MAKE) --no-print-directory $(VENV)/.installed; fi
	@mkdir -p out
	@$(BIN)/genart info --system | grep ^kernels:
	$(BIN)/genart render --seconds 8 --fps 30 --size 512 -o out/loop.mp4
	@echo "The film is in $(CURDIR)/out/loop.mp4"

# Tests run in one process per core, four at most (each takes 1 GB), with one thread each.
PYTEST = OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --maxprocesses=4 --dist worksteal --durations=10

# The tests that are not marked slow: three minutes at most on two cores.
test: $(VENV)/.develop $(VENV)/.kernels
	$(PYTEST) -m "not slow"

# All tests; with ONLY=slow those that `make test` leaves out.
test-all: $(VENV)/.develop $(VENV)/.kernels
	$(PYTEST) $(if $(ONLY),-m "$(ONLY)")

# Breaks 200 lines, one at a time, and checks that a test fails each time; takes about half an hour.
mutants: $(VENV)/.develop
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[mutants]'
	OMP_NUM_THREADS=1 PYTHONPATH=tests $(BIN)/python -m support.mutants $(MUTANTS)

lint: $(VENV)/.develop
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/.docs
	$(BIN)/python docs/scripts/build_site.py

stills: $(VENV)/.develop
	$(BIN)/python docs/scripts/sketch_stills.py

clean:
	rm -rf $(VENV) out build dist site .cache *.egg-info

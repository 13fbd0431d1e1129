# Two commands for everyday use: `make run` and `make test`. `make help` lists the others.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test test-long lint screenshots bench bench-imports bench-readiness format lock clean

CANDIDATES := python3 python3.13 python3.12 python3.11
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in $(CANDIDATES); do $$p -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$p && break; done)
JOBS ?= $(shell getconf _NPROCESSORS_ONLN)

BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r
COMPILE := $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url \
	--no-emit-find-links --no-emit-trusted-host --no-header

help:  ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | while IFS='|' read -r target text; \
		do printf '%-18s %s\n' "$$target" "$$text"; done

run: .venv/base.stamp  ## install, start everything, open on http://localhost:8000 (PORT=, HOST=, HSTW_DEMO=0)
	@$(BIN)/python -m hstw.up

test: .venv/dev.stamp  ## install, run the whole test suite (JOBS=)
	@$(call both,)

test-long: .venv/dev.stamp  ## what takes longer: fuzzing, kills, large worlds
	@$(call both,-m long)

# What browser tests write stays until they are over, so they run apart. Both halves always run;
# 5 is pytest's word for "no test selected".
both = status=0; \
	$(BIN)/python -m pytest -n $(JOBS) $(1) tests --ignore=tests/browser || [ $$? = 5 ] || status=1; \
	if [ -d tests/browser ]; then \
		$(BIN)/python -m pytest -n $(JOBS) $(1) tests/browser || [ $$? = 5 ] || status=1; \
	fi; exit $$status

screenshots: .venv/dev.stamp  ## pictures of every page in tests/output/screenshots, and the README's
	$(BIN)/python -m pytest -n $(JOBS) tests/browser/test_pages.py -k test_page
	cp tests/output/screenshots/home-wide-light.png docs/home.png

bench: .venv/dev.stamp  ## how long the everyday pages take, in the world that is loaded
	$(BIN)/python -m tests.benchmarks.pages

bench-imports: .venv/dev.stamp  ## how long a million course records take to come in
	$(BIN)/python -m tests.benchmarks.imports

bench-readiness: .venv/dev.stamp  ## how long the numbers of 1,100 schools take
	$(BIN)/python -m tests.benchmarks.readiness

lint: .venv/dev.stamp  ## style, templates, import order, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint --quiet --lint templates
	$(BIN)/lint-imports
	$(BIN)/mypy

format: .venv/dev.stamp  ## put code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: .venv/dev.stamp  ## compute requirements/*.txt anew from pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip-tools>=7.6'
	$(COMPILE) -o requirements/base.txt pyproject.toml
	$(COMPILE) --extra dev -c requirements/base.txt -o requirements/dev.txt pyproject.toml

clean:  ## remove caches and test output (not .venv, not data)
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis staticfiles tests/output
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

# One line about what is missing, before anything is made.
.venv/bin/python:
	$(if $(PYTHON),,$(error HSTW needs Python 3.11 or newer, and none of $(CANDIDATES) is; install one or name it: make run PYTHON=/path/to/python3))
	@$(PYTHON) -c '$(NEW_ENOUGH)' || { echo "HSTW needs Python 3.11 or newer; $(PYTHON) is not." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments here; on Debian and Ubuntu: apt install python3-venv" >&2; \
		exit 1; }
	@echo "Making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

# A stamp is newer than its lock file as long as what it locks is installed.
.venv/base.stamp: requirements/base.txt | .venv/bin/python
	@echo "Installing what the product needs (about a minute, the first time)"
	@$(INSTALL) requirements/base.txt
	@touch $@

.venv/dev.stamp: requirements/dev.txt | .venv/bin/python
	@echo "Installing what the product and its tests need (a minute or two, the first time)"
	@$(INSTALL) requirements/dev.txt
	@touch $@

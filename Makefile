# Every target sets up what it needs: `make demo` and `make test` work from a clean clone.
.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench dictionary words lock format

PYTHON ?= python3
BIN := .venv/bin
export DO_NOT_TRACK := 1
export PREFECT_SERVER_ANALYTICS_ENABLED := false

help:  ## List the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/\1\t\2/' | awk -F '\t' '{printf "  %-12s %s\n", $$1, $$2}'

setup: .venv/ready .venv/audit-tools  ## Make the virtual environment and install everything, native libraries included

.venv/ready: requirements.lock pyproject.toml
	@sh .ci/native-libraries
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "site-upkeep needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "Python's venv is missing; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -c 'import weasyprint' || { echo "WeasyPrint does not find its native libraries; see .ci/native-libraries"; exit 1; }
	@touch $@

# Lighthouse and axe-core; all else works without them, and audits say that they are missing.
.venv/audit-tools: tasks/audit_tools/package.json tasks/audit_tools/package-lock.json | .venv/ready
	@if ! command -v npm >/dev/null; then echo "Without npm, Lighthouse and axe-core are left out: install nodejs and npm, then run make setup again."; \
	elif npm ci --prefix tasks/audit_tools --ignore-scripts --no-audit --no-fund --silent; then touch $@; \
	else echo "npm could not install Lighthouse and axe-core, so they are left out; see: npm ci --prefix tasks/audit_tools"; fi

demo: setup  ## Run the main job on the bundled quarters and write eight PDFs to var/demo/reports
	$(BIN)/upkeep demo

test: setup  ## Run every test
	$(BIN)/python -m pytest --numprocesses=logical --maxprocesses=4 --dist=worksteal

check: setup  ## Format, lint, types, floors, dictionary, docs: what CI checks
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_house.py

format: setup  ## Format the code and mend what the linter can
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format .

dictionary: setup  ## Write the data dictionary anew
	$(BIN)/upkeep dictionary > warehouse/DICTIONARY.md

bench: setup  ## Measure: rows, checks and reports a second
	$(BIN)/python -m bench

words: setup  ## Bring the catalogues of texts up to date with code and templates
	$(BIN)/python -m tasks.catalogues

lock: setup  ## Pin the newest allowed versions anew (needs uv)
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --extra dev --output-file requirements.lock --upgrade pyproject.toml

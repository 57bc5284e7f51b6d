# Everything runs in .venv, made from requirements.lock on first use. Needs Python 3.11 or newer with venv, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# So many processes run the tests.
WORKERS ?= 2
# Once, since each process of a run starts by importing all of it; with PYTHONDONTWRITEBYTECODE it would compile it too.
COMPILE = $(BIN)/python -m compileall -q activity_sync activity_sync_tests

.PHONY: demo test check setup ui schema screenshots clean

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Activity Sync needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Set PYTHON=/path/to/python3.11") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps -e .
	$(COMPILE)
	@touch $(READY)

demo: $(READY)  ## start the sandbox CRMs, sync both ways through Dagster, show what happened
	@$(BIN)/activity-sync demo

ui: $(READY)  ## the Dagster UI on this project
	$(BIN)/dagster dev -w workspace.yaml

schema: $(READY)  ## the JSON Schema of the configuration file, for editors
	$(BIN)/python -m activity_sync.configuration_schema

screenshots: $(READY)  ## the pictures of docs/images, drawn again in the machine's Chromium
	$(BIN)/python -m activity_sync_tests.browser.screenshots

test: $(READY)  ## what CI runs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/dagster definitions validate
	$(COMPILE)
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

check: test

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

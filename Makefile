# Thin on purpose: each line calls c360 or a tool. The environment is made once, from the lock.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	if command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; \
	then echo $$p; break; fi; done)
BIN := .venv/bin
READY := .venv/.ready

.PHONY: help run test check check-python check-sql ui dashboard docs bench setup clean

help:
	@echo "make run        demo company, whole chain, summary      make ui         Dagster"
	@echo "make test       all tests                               make dashboard  first page"
	@echo "make check      lint, types, SQL, YAML                  make bench      measurements"
	@echo "make docs       dbt's documentation as one page          make setup      environment only"

setup: $(READY)

$(READY): requirements.lock requirements-uv.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed and none was found. Install one, or name it: make run PYTHON=/path/to/python3.12"; exit 1; }
	@echo "Setting up .venv with $(PYTHON) (once; a minute or two) ..."
	@$(PYTHON) -m venv .venv || { echo "$(PYTHON) can't make a virtual environment. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@$(BIN)/uv pip install --quiet --system-certs --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $(READY)

run: $(READY)
	@$(BIN)/c360 demo --if-missing
	@$(BIN)/c360 run

test: $(READY)
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

ui: $(READY)
	@$(BIN)/c360 ui

dashboard: $(READY)
	@$(BIN)/c360 dashboard

check: $(READY)
	@$(MAKE) --no-print-directory -j 2 check-python check-sql

check-python: $(READY)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/python -m tests.structure

check-sql: $(READY)
	@$(BIN)/yamllint --strict .
	@$(BIN)/sqlfluff lint --disable-progress-bar --processes 2 dbt_project/models dbt_project/tests sql_templates reporting_names examples

docs: $(READY)
	@$(BIN)/c360 docs

bench: $(READY)
	@$(BIN)/c360 bench pipeline
	@$(BIN)/c360 bench overhead
	@$(BIN)/c360 bench ingest

clean:
	@echo "Removing .venv and caches; data/ stays."
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Every target sets up what it needs; `make help` lists them.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
DEMO_HOME ?= $(CURDIR)/.demo

.DEFAULT_GOAL := help
.PHONY: help setup demo test chaos check format bench serve lock generate codes clean

help: ## List the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

setup: $(VENV)/installed ## Make .venv with the project and its tools

$(VENV)/installed: requirements.lock requirements-demo.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or run make PYTHON=/path/to/python"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "$(PYTHON) is older than 3.11: run make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "$(PYTHON) has no venv module: install it (Debian: python3-venv)"; exit 1; }
	@echo "Installing what requirements.lock names into $(VENV) ..." >&2
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --require-hashes -r requirements-demo.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## Run the main job on 336,776 real flights and show what happened
	@OSTINATO_HOME=$(DEMO_HOME) $(BIN)/ostinato demo

test: setup ## Run all tests, on real services that are found or started
	@$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadscope --no-loadscope-reorder

chaos: setup ## Kill servers, workers and the database for long, and run many random plans against the model
	OSTINATO_CHAOS=1 $(BIN)/pytest tests/scheduler/test_model.py tests/e2e/test_faulty_store.py tests/api/test_fuzz.py tests/chaos -s

check: setup ## Lint, format, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup ## Measure beside floors (NAMES=... for some); a table on stderr, one JSON object a line on stdout
	@$(BIN)/python -m bench $(NAMES)

serve: setup ## Start the server on http://127.0.0.1:7300
	@$(BIN)/ostinato up

lock: ## Renew requirements.lock from pyproject.toml
	@$(BIN)/pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url --no-header \
	  --extra dev --python-version 3.11 pyproject.toml --output-file requirements.lock

generate: setup ## Renew the files that are generated from code: schema.sql and the reference
	@$(BIN)/python -m tools.schema
	@$(BIN)/python -m tools.states_reference
	@$(BIN)/python -m tools.definitions_reference
	@$(BIN)/python -m tools.interfaces_reference

codes: setup ## Run the tests of the Talend API, and write which answer is reached by which (minutes)
	@$(BIN)/python -m tools.talend_codes

clean: ## Remove what was made: the virtual environment, caches, the demo's data
	rm -rf $(VENV) .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

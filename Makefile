# `make` alone lists the targets. Each sets up what it needs: Python 3.11 or newer and make are enough.

SHELL := /bin/sh
VENV := .venv
PY := $(VENV)/bin/python
WORKERS ?= 2
TESTS := -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder
PLUGIN := examples/plugins/miger-duckdb
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

.DEFAULT_GOAL := help
.PHONY: help demo test coverage check truth bench soak screenshots clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(VENV)/.stamp-run ## make a small web shop and migrate it, step by step
	@$(VENV)/bin/miger demo

test: $(VENV)/.stamp-dev ## run every test on real servers
	@$(PY) $(TESTS)

coverage: $(VENV)/.stamp-dev ## the same, and what of the code they reach: 95 % at least
	@$(PY) $(TESTS) --cov --cov-report= --cov-report=term:skip-covered --cov-fail-under=95

check: $(VENV)/.stamp-dev ## formatting, lint, types, and who imports whom
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	@$(PY) tools/source_tree.py >/dev/null
	$(PY) -m mypy -p miger -p tools -p tests.servers
	$(PY) -m mypy $(PLUGIN)/miger_duckdb.py
	@PYTHONPATH=build/tree:. $(PY) -c 'from importlinter.cli import lint_imports_command as run; run()' --cache-dir build/import-linter

truth: $(VENV)/.stamp-dev ## hold dry runs against what really happens, and count them
	@$(PY) -m pytest -n $(WORKERS) --dist load -q -m 'soak or not soak' tests/app/test_preview_truth.py tests/app/test_preview_truth_mongodb.py

bench: $(VENV)/.stamp-dev ## measure speed
	@$(PY) benchmarks/run.py

soak: $(VENV)/.stamp-dev ## run the tests that take minutes
	@$(PY) -m pytest -m soak --timeout 3600

screenshots: $(VENV)/.stamp-run ## make the pictures of screenshots/ anew
	@$(PY) tools/screenshots.py

clean: ## delete everything that was made here, but the .venv
	rm -rf build dist htmlcov *.egg-info .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache
	rm -rf .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

# The first Python that is new enough, PYTHON first if it is given.
PYTHONS := $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11

$(VENV)/.stamp-venv:
	@if [ -x $(PY) ] && $(PY) -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    touch $@; exit 0; \
	fi; \
	found=; \
	for candidate in $(PYTHONS); do \
	    if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	        found=$$candidate; break; \
	    fi; \
	done; \
	if [ -z "$$found" ]; then \
	    echo "Miger needs Python 3.11 or newer, and none of these is: $(PYTHONS)." >&2; \
	    echo "Install one, or name it: make PYTHON=/path/to/python3.12 ..." >&2; \
	    exit 1; \
	fi; \
	if ! "$$found" -c 'import ensurepip, venv' >/dev/null 2>&1; then \
	    version=$$("$$found" -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	    echo "$$found cannot make virtual environments: its venv or ensurepip module is missing." >&2; \
	    echo "On Debian and Ubuntu: apt-get install python$$version-venv" >&2; \
	    exit 1; \
	fi; \
	echo "Making $(VENV) with $$found"; \
	"$$found" -m venv --clear $(VENV) && touch $@

$(VENV)/.stamp-run: pyproject.toml | $(VENV)/.stamp-venv
	@echo "Installing Miger"
	@$(PY) -m pip install --quiet --editable .
	@touch $@

$(VENV)/.stamp-dev: pyproject.toml $(PLUGIN)/pyproject.toml | $(VENV)/.stamp-venv
	@echo "Installing Miger and what develops and tests it"
	@$(PY) -m pip install --quiet --editable ".[dev]" --editable $(PLUGIN)
	@touch $@ $(VENV)/.stamp-run

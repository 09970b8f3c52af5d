# Two commands do everything on a machine with Python and make: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PORT ?= 8000

.PHONY: help install lint types test matrix demo bench clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

# The stamp is remade when the dependencies change.
$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[django,gunicorn]' --group test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps django-heroku==0.3.1 django-on-heroku==1.1.2
	touch $@

install: $(VENV)/.installed ## Make the environment

lint: install ## Check form and style
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: install ## Check types
	$(BIN)/mypy

test: lint types ## Lint, types and tests
	$(BIN)/pytest $(PYTEST_ARGS)

# Newer Pythons than the first: 3.12 with Django 6.0, the others with the newest. Without the servers, which one
# Python tests.
matrix: ## The tests on the other Pythons that pyenv has
	@for python in $(wildcard $(shell pyenv root 2>/dev/null)/versions/3.1[2-9]*/bin/python); do \
		version=$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
		venv=$(VENV)-$$version; \
		$(MAKE) --no-print-directory install PYTHON=$$python VENV=$$venv || exit 1; \
		if [ $$version = 3.12 ]; then $$venv/bin/python -m pip install --quiet 'django~=6.0.0' || exit 1; fi; \
		echo "Python $$version, Django $$($$venv/bin/python -m django --version)"; \
		$$venv/bin/pytest -q -n 2 --ignore tests/contract --ignore tests/deltas --ignore tests/demo --ignore tests/gunicorn || exit 1; \
	done

demo: install ## Collect, and serve the demo with gunicorn (PORT=8000)
	cd demo && ../$(BIN)/python manage.py collectstatic --noinput
	@echo "The demo is at http://localhost:$(PORT)/"
	cd demo && PORT=$(PORT) ../$(BIN)/gunicorn

bench: install ## Measure beside the peers
	$(BIN)/python -m benchmarks

clean: ## Remove what the commands above made
	rm -rf demo/deploys/generated/deploys demo/deploys/generated/.lock
	rm -rf $(VENV) $(VENV)-* demo/staticfiles demo/db.sqlite3 build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

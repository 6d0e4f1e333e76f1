PYTHON ?= python3
PIP = .venv/bin/python -m pip --disable-pip-version-check install --quiet
SPHINX = .venv/bin/python -m sphinx -n -W -q docs docs/_build/html

.PHONY: help setup learn test check docs bench demo clean soundness

help:
	@echo "make learn      install, and grade the first exercise: start here"
	@echo "make test       everything that is checked before a change is accepted"
	@echo "make check      only the fast part of it: style, types, floors"
	@echo "make soundness  the long comparison of the checker with full enumeration"
	@echo "make docs | demo | bench | setup | clean"

# .venv/.learn: what a student needs. .venv/.setup: all that test and docs need.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "concur needs Python 3.11 or newer, and '$(PYTHON)' is not that."; \
	  echo "Name another one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; } >&2
	$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

.venv/.learn: pyproject.toml | .venv/bin/python
	$(PIP) --editable .
	@touch $@

.venv/.setup: pyproject.toml | .venv/bin/python
	$(PIP) --editable '.[dev,docs]'
	@touch .venv/.learn $@

setup: .venv/.setup

# The stub is refuted, and that is the point: exit code 1 is a success here, any other is not.
learn: .venv/.learn
	@.venv/bin/concur check 03 || test $$? -eq 1
	@echo
	@echo "Next: read exercises/03_counter/README.md, edit exercises/03_counter/counter.py, and run"
	@echo "      .venv/bin/concur check 03"

check: .venv/.setup
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

# coverage starts before pytest, which imports concur as a plugin. Two halves side by side: there are two cores.
COVERED = .venv/bin/coverage run --parallel-mode -m pytest -p no:cacheprovider

test: check
	.venv/bin/coverage erase
	@$(COVERED) -q tests/check > .test-check.log 2>&1 & half=$$!; \
	$(COVERED) --ignore=tests/check; rest=$$?; \
	wait $$half; check=$$?; cat .test-check.log; rm -f .test-check.log; test $$rest -eq 0 && test $$check -eq 0
	.venv/bin/coverage combine --quiet
	.venv/bin/coverage report
	$(SPHINX)

# Eight parts, two at a time: 10,000 programs in all.
soundness: .venv/.setup
	@seq 0 7 | xargs -P 2 -I PART sh -c '.venv/bin/python -m pytest -q -m soundness -k "part''PART" -s \
	  -p no:cacheprovider --timeout 0'

docs: .venv/.setup
	$(SPHINX)
	@echo "docs/_build/html/index.html"

# Four programs that know nothing of concur; two of them are refuted.
demo: .venv/.learn
	@for program in docs/examples/*.py; do \
	  .venv/bin/concur explore $$program || test $$? -eq 1 || exit 1; done

# An environment of its own: what concur is compared with is not among its dependencies.
.venv-bench/.setup: pyproject.toml tests/benchmarks/requirements.txt | .venv/bin/python
	.venv/bin/python -m venv .venv-bench
	.venv-bench/bin/python -m pip --disable-pip-version-check install --quiet --editable . \
	  --requirement tests/benchmarks/requirements.txt
	@touch $@

bench: .venv-bench/.setup
	@for script in tests/benchmarks/bench_*.py; do \
	  echo "$$script"; .venv-bench/bin/python $$script || exit 1; done

clean:
	rm -rf .venv .venv-bench .coverage .coverage.* .test-check.log .hypothesis .mypy_cache .pytest_cache .ruff_cache \
	  .import_linter_cache build dist docs/_build
	find . -name __pycache__ -prune -exec rm -rf {} +

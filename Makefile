PYTHON ?= python3
PIP = .venv/bin/python -m pip --disable-pip-version-check install --quiet
SPHINX = .venv/bin/python -m sphinx -n -W -q docs docs/_build/html

.PHONY: help setup learn test check docs bench demo clean coverage soundness stress long

help:
	@echo "make learn      install, and grade the first exercise: start here"
	@echo "make test       everything that is checked before a change is accepted"
	@echo "make check      only the fast part of it: style, types, floors"
	@echo "make coverage   which branches of concur the tests run; takes more than twice their time"
	@echo "make soundness  the long comparison of the checker with full enumeration"
	@echo "make long       larger verifications, and samples of 10,000 schedules"
	@echo "make stress     storms of real threads, on any interpreter: PYTHON=... SECONDS=2 SEED=..."
	@echo "make bench      how fast, beside others, on any interpreter: PYTHON=..."
	@echo "make docs | demo | setup | clean"

# .venv/.learn: what a student needs. .venv/.setup: all that test and docs need.
define NEW_ENOUGH
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
  echo "concur needs Python 3.11 or newer, and '$(PYTHON)' is not that."; \
  echo "Name another one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; } >&2
endef

.venv/bin/python:
	$(NEW_ENOUGH)
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

# Two halves side by side: there are two cores.
PYTEST = .venv/bin/python -m pytest -q -p no:cacheprovider
ONE = tests/check tests/pubsub tests/problems tests/sync

test: check
	@$(PYTEST) $(ONE) > .test-one.log 2>&1 & half=$$!; \
	$(PYTEST) $(addprefix --ignore=,$(ONE)); two=$$?; \
	wait $$half; one=$$?; cat .test-one.log; rm -f .test-one.log; \
	test $$one -eq 0 && test $$two -eq 0
	$(SPHINX)

# Takes more than twice the time of the tests alone. It starts before pytest, which imports concur as a plugin.
coverage: .venv/.setup
	.venv/bin/coverage run -m pytest -q -p no:cacheprovider
	.venv/bin/coverage report

# Eight parts, two at a time: 10,000 programs in all.
soundness: .venv/.setup
	@seq 0 7 | xargs -P 2 -I PART sh -c '.venv/bin/python -m pytest -q -m soundness -k "part''PART" -s \
	  -p no:cacheprovider --timeout 0'

# What is marked slow, a folder each at a time.
long: .venv/.setup
	@printf '%s\n' tests/sync tests/deadlock tests/problems tests/process tests/pubsub | xargs -P 2 -I FOLDER \
	  .venv/bin/python -m pytest -q -m slow -p no:cacheprovider --timeout 0 FOLDER

docs: .venv/.setup
	$(SPHINX)
	@echo "docs/_build/html/index.html"

# Four programs that know nothing of concur; two of them are refuted.
demo: .venv/.learn
	@for program in docs/examples/*.py; do \
	  .venv/bin/concur explore $$program || test $$? -eq 1 || exit 1; done

# For these two, each version of Python has an environment of its own: 3.11.7, 3.13.5t.
ifneq (,$(filter bench stress,$(MAKECMDGOALS)))
VERSION := $(shell $(PYTHON) -c 'import platform, sysconfig; \
  print(platform.python_version() + "t" * bool(sysconfig.get_config_var("Py_GIL_DISABLED")))')
endif
BENCH = .venv-bench/$(VERSION)
INTO_BENCH = $(BENCH)/bin/python -m pip --disable-pip-version-check install --quiet --prefer-binary
STRESS = .venv-stress/$(VERSION)

# What concur is compared with is not among its dependencies. Not every package can be had for every build.
$(BENCH)/.setup: pyproject.toml tests/benchmarks/requirements.txt
	$(NEW_ENOUGH)
	$(PYTHON) -m venv $(BENCH) || { rm -rf $(BENCH); exit 1; }
	$(INTO_BENCH) --editable .
	@grep -v '^#' tests/benchmarks/requirements.txt | while read -r peer; do \
	  $(INTO_BENCH) "$$peer" 2>>$(BENCH)/peers.log || \
	    echo "left out, since it does not install here: $$peer (see $(BENCH)/peers.log)"; done
	@touch $@

# Results stay in tests/benchmarks/results, for table.py.
SCRIPTS = $(wildcard tests/benchmarks/bench_*.py)

bench: $(BENCH)/.setup
	@failed=; for script in $(SCRIPTS); do echo "$$script"; \
	  CONCUR_BENCH_JSON=tests/benchmarks/results $(BENCH)/bin/python $$script || failed="$$failed $$script"; done; \
	test -z "$$failed" || { echo "failed:$$failed"; exit 1; }

# Without concur's dependencies: the primitives need none, and a free-threaded build may not have them.
$(STRESS)/.setup: tests/stress/requirements.txt
	$(NEW_ENOUGH)
	$(PYTHON) -m venv $(STRESS) || { rm -rf $(STRESS); exit 1; }
	$(STRESS)/bin/python -m pip --disable-pip-version-check install --quiet --requirement $<
	@touch $@

stress: $(STRESS)/.setup
	CONCUR_STRESS_SECONDS=$(SECONDS) CONCUR_STRESS_SEED=$(SEED) \
	  $(STRESS)/bin/python -m pytest -m stress -v -s -p no:cacheprovider --timeout 0 tests/stress

clean:
	rm -rf .venv .venv-bench .venv-stress tests/benchmarks/results .coverage .coverage.* .test-one.log .hypothesis \
	  .mypy_cache .pytest_cache .ruff_cache .import_linter_cache build dist docs/_build
	find . -name __pycache__ -prune -exec rm -rf {} +

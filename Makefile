# The commands of the project.  `make run` and `make test` are all that a new machine needs: Python 3.11 or later, nothing else.

PYTHON ?= python3
PORT ?= 6543
ENV := .venv
BIN := $(ENV)/bin
INI ?= development.ini
RUN_OPTIONS ?=
CHAOS_OPTIONS ?=
RELEVANCE_OPTIONS ?=
MEASURE_OPTIONS ?=

.PHONY: help run test test-slow browser conformance bench daily-requests relevance chaos measure lint format clean

help:  ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

# One file stands for the whole environment; it is made anew when what it is made from has changed.
$(ENV)/installed: setup.py pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed, this is " + sys.version)'
	$(PYTHON) -m venv $(ENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt setuptools wheel
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
		--no-build-isolation --editable '.[sandbox,test]'
	@touch $@

run: $(ENV)/installed  ## Start Redis, a sandbox Fedora, the worker and the web; Ctrl-C stops them
	@exec $(BIN)/python -m fedora_packages.sandbox.devserver $(INI) --port $(PORT) $(RUN_OPTIONS)

test: $(ENV)/installed  ## Run the quick suite
	$(BIN)/python -m pytest -n 3 --dist loadgroup

test-slow: $(ENV)/installed  ## Run what takes long by nature: all of Fedora's packages, kills, storms
	$(BIN)/python -m pytest -m slow

$(ENV)/installed-browser: $(ENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
		--no-build-isolation --editable '.[browser]'
	@touch $@

browser: $(ENV)/installed-browser  ## Use the pages in headless Chromium (needs chromium and chromedriver)
	$(BIN)/python -m pytest -m browser tests/browser

# The published servers and clients have needs of their own (koji's wants Kerberos headers to build, and Cython, which pip brings
# for the building alone), so they live apart.
$(ENV)-conformance/installed: setup.py pyproject.toml constraints.txt
	$(PYTHON) -m venv $(ENV)-conformance
	$(ENV)-conformance/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt setuptools wheel
	$(ENV)-conformance/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
		--editable '.[sandbox,test,conformance]'
	@touch $@

# Bodhi's server needs older versions of some packages than the service has: those that its requirements pin.
$(ENV)-conformance-bodhi/installed: tests/conformance/bodhi_server/requirements.txt constraints.txt
	$(PYTHON) -m venv $(ENV)-conformance-bodhi
	grep -v -e '^pyramid==' -e '^python-dateutil==' constraints.txt > $(ENV)-conformance-bodhi/constraints.txt
	$(ENV)-conformance-bodhi/bin/python -m pip install --quiet --disable-pip-version-check \
		--constraint $(ENV)-conformance-bodhi/constraints.txt --requirement $<
	@touch $@

conformance: $(ENV)-conformance/installed $(ENV)-conformance-bodhi/installed  ## Hold sandbox and site to the published servers and clients
	$(ENV)-conformance/bin/python -m pytest -m conformance tests/conformance

bench: $(ENV)/installed  ## Measure how soon a page is fresh, how many messages a second there may be, a mass rebuild, and the search (20 minutes)
	$(BIN)/python -m benchmarks.freshness
	$(BIN)/python -m benchmarks.messages
	$(BIN)/python -m benchmarks.storm
	$(BIN)/python -m benchmarks.search

daily-requests: $(ENV)/installed  ## Count the requests to each upstream in a day at Fedora's rates (10 minutes; needs all of Fedora's packages)
	$(BIN)/python -m benchmarks.daily_requests

relevance: $(ENV)/installed  ## Ask the search what people look for, of all of Fedora's packages, and hold the answers to the floors
	$(BIN)/python -m benchmarks.relevance $(RELEVANCE_OPTIONS)

chaos: $(ENV)/installed  ## Kill, cut and break everything for five minutes, then hold every cached value against the world
	$(BIN)/python -m benchmarks.chaos $(CHAOS_OPTIONS)

measure:  ## Measure the source: entries, circles, imports against the order, settings, lines (MEASURE_OPTIONS=DIRECTORY for another tree)
	@$(PYTHON) -m benchmarks.measure $(MEASURE_OPTIONS)

lint: $(ENV)/installed  ## Check style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(ENV)/installed  ## Mend style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## Remove everything that was made here
	rm -rf $(ENV) $(ENV)-conformance $(ENV)-conformance-bodhi var build dist *.egg-info .pytest_cache .ruff_cache .hypothesis

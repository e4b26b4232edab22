# Every target sets up what it needs in .venv, and sets it up again only when the files it was made from change.
# OCPP_FAST_BUILD_EXT=yes makes a compiled core that can't be built, or is not used, an error.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH ?= --benchmark-only
SERVER ?= --rounds 3 --seconds 0.3
FUZZ ?= 60
PARITY ?= --seconds 60
STATION ?= --id CP001
READY := $(VENV)/.ready
RUN := $(VENV)/.run
BUILT_FROM := pyproject.toml setup.py $(wildcard ocpp_fast_ext/*.pyx ocpp_fast_ext/*.pxd ocpp_fast_ext/*.h)
LOWEST := build/lowest
TOOLS := build/tools
TYPED := ocpp_fast ocpp_fast_ext tests $(wildcard benchmarks docs examples fuzz)
SHARED := ocpp_fast/simulator/v2 ocpp_fast/cli/answers/v2.py

# pip would compile all that it installs; Python compiles what it imports
export PIP_COMPILE := 0

.PHONY: help setup test test-compiled test-pure lowest coverage parity fuzz autobahn sanitize serve station docs
.PHONY: lint lint-deploy types bench bench-server dist clean

help:
	@echo "make test      the test suite, on the compiled core and on the pure-Python core"
	@echo "make lowest    a part of the suite with the lowest versions of the dependencies"
	@echo "make coverage  the suite on the compiled core, and how much of the code it runs"
	@echo "make parity    both cores against each other, for a minute"
	@echo "make fuzz      frames and connections, led by coverage, for a minute each; needs clang"
	@echo "make autobahn  the cases of Autobahn that take long: limits, speed, compression; some ten minutes"
	@echo "make sanitize  the tests of the compiled core under gcc's sanitizers, in both forms of scan.h"
	@echo "make serve     a central system that lets everyone in, on ws://127.0.0.1:8887"
	@echo "make station   a simulated charge point that charges there"
	@echo "make docs      the documentation site, in build/docs/html"
	@echo "make lint      ruff and cython-lint"
	@echo "make lint-deploy  the Dockerfile, compose.yaml, the manifests and the workflows, by their linters and schemas"
	@echo "make dist      sdist and pure wheel in dist/, built twice and compared"
	@echo "make types     mypy and pyright"
	@echo "make bench     the benchmarks, both cores side by side"
	@echo "make bench-server  what a call costs a server, ours and others, in two minutes"
	@echo "make clean     remove all that was built, .venv too"

setup: $(READY)

$(READY): $(BUILT_FROM) $(RUN)
	rm -f ocpp_fast_ext/*.c
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

$(RUN): pyproject.toml  # the run-time dependencies, and nothing is compiled
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -c 'import tomllib as t; print(*t.load(open("pyproject.toml", "rb"))["project"]["dependencies"], sep="\n")' \
		> $(VENV)/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement $(VENV)/run.txt
	touch $@

test: test-compiled test-pure

test-compiled: $(READY)  # ONLY='-m once': a part of it
	OCPP_FAST_EXPECT_ACCELERATED=$(OCPP_FAST_BUILD_EXT) $(BIN)/pytest $(ONLY)

test-pure: $(READY)
	OCPP_FAST_EXPECT_ACCELERATED=no OCPP_FAST_NO_EXT=1 $(BIN)/pytest -m "not once"

$(LOWEST)/.ready: tests/lowest.txt $(READY)
	rm -rf $(LOWEST)
	$(BIN)/python -m pip install --quiet --no-deps --target $(LOWEST) --requirement tests/lowest.txt
	touch $@

lowest: $(LOWEST)/.ready
	PYTHONPATH=$(LOWEST) $(BIN)/pytest tests/protocol tests/signing tests/kernels/test_strict_json.py \
		$(addprefix tests/aio/test_,handshake.py websocket.py charge_point.py tls.py signing.py) \
		tests/cluster/test_bus.py tests/cluster/test_nats.py \
		tests/cli/test_load.py::test_progress_is_shown_on_a_terminal

coverage: $(READY)
	$(BIN)/pytest --cov --cov-report=term -m "not slow"

parity: $(READY)
	$(BIN)/python -m tests.parity $(PARITY)

fuzz: $(READY)
	PYTHON=$(CURDIR)/$(BIN)/python fuzz/run.sh $(FUZZ)

autobahn: $(READY)  # OCPP_FAST_NO_EXT=1: on the pure-Python core
	$(BIN)/python -m tests.autobahn

sanitize: $(READY)
	PYTHON=$(CURDIR)/$(BIN)/python tests/parity/sanitize.sh

serve: $(RUN)
	$(BIN)/python -m ocpp_fast serve --no-auth

station: $(RUN)  # STATION='--id CP002 --ocpp 2.1'
	$(BIN)/python -m ocpp_fast station --url ws://127.0.0.1:8887 $(STATION)

docs: $(READY)
	$(BIN)/python -m docs.site

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	PATH="$(CURDIR)/$(BIN):$$PATH" cython-lint ocpp_fast_ext

$(TOOLS)/.ready: deploy/lint.txt
	rm -rf $(TOOLS)
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/pip install --quiet --disable-pip-version-check --requirement deploy/lint.txt
	touch $@

lint-deploy: $(TOOLS)/.ready
	$(TOOLS)/bin/hadolint Dockerfile
	$(TOOLS)/bin/check-jsonschema --builtin-schema vendor.compose-spec compose.yaml
	$(TOOLS)/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(TOOLS)/bin/kubernetes-validate --strict --quiet deploy/kubernetes/*.yaml

dist: $(READY) $(TOOLS)/.ready  # DIST=compiled: a compiled wheel, too
	PYTHON=$(CURDIR)/$(BIN)/python TWINE=$(TOOLS)/bin/twine .ci/dist $(DIST)

types: $(READY)
	$(BIN)/mypy $(TYPED)
	$(BIN)/mypy --always-false OCPP_21 --follow-imports silent --no-warn-unused-ignores \
		--cache-dir .mypy_cache/2.0.1 $(SHARED) # again, for what 2.0.1 shares with 2.1
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/pyright --pythonpath $(BIN)/python --project pyright-2.0.1.json

bench: $(READY)
	$(BIN)/pytest benchmarks $(BENCH)

bench-server: $(READY)  # SERVER='--docs': the figures of docs/performance.md, in twenty minutes
	$(BIN)/python -m benchmarks.compare_servers $(SERVER)

clean:
	rm -rf $(VENV) build dist *.egg-info ocpp_fast_ext/*.c ocpp_fast_ext/*.so

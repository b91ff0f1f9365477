# `make test` does everything, from nothing: it finds a Python >= 3.12, makes .venv, installs, checks, tests.
SHELL := /bin/sh
VENV ?= .venv
FUZZ_SECONDS ?= 60
BIN := $(VENV)/bin
PYTHON ?= $(shell tools/find-python)

.PHONY: test demo check types-linux types-darwin types-win32 unit laws e2e e2e-long first-hour e2e-modern differential soak golden site samples \
    share dist packages fuzz audit bench bench-quick clean

# Where it is set (as in many containers), each worker of each run would compile all tests, and rewrite their asserts,
# again: 15 s of its time.
export PYTHONDONTWRITEBYTECODE :=

test: check unit e2e

# Without a development environment, the demo gets an environment of its own, which has no test tools.
DEMO_VENV := $(if $(wildcard $(VENV)/.ready),$(VENV),$(VENV)-demo)

demo: $(DEMO_VENV)/.ready  ## show a recorded session, and write session.html; needs no Docker
	@rm -f session.html
	@$(DEMO_VENV)/bin/apispy demo --page session.html

check: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(MAKE) -j3 types-linux types-darwin types-win32
	$(BIN)/lint-imports
	$(BIN)/python tools/check_names.py
	$(BIN)/codespell
	$(BIN)/proselint check --config tools/proselint.json README.md CONTRIBUTING.md SECURITY.md CHANGELOG.md docs/*.md

# The types as each system has them, at the same time. Of what only developers run (bench/, fuzz/, tools/), some is for Unix.
types-linux types-darwin types-win32: $(VENV)/.ready
	$(BIN)/mypy --platform $(@:types-%=%) --cache-dir .mypy_cache/$(@:types-%=%) $(if $(filter %win32,$@),apispy)

UNIT ?= tests/unit tests/golden
WORKERS ?= auto
unit: $(VENV)/.ready
	$(BIN)/pytest -q $(UNIT) -n $(WORKERS) --dist worksteal

laws: $(VENV)/.ready  ## property tests: thousands of generated inputs
	$(BIN)/pytest -q tests/laws -n $(WORKERS) --dist worksteal

# Two processes, each with daemons of its own: tests/e2e/workers.py says which tests stay together. More would make the
# daemons wait for each other on most machines, and the tests for the daemons.
E2E = $(BIN)/pytest -q -n $(WORKERS:auto=2)

# What takes long, and what few changes touch: the battery played without its daemon, deaths at every stage, gigabytes,
# printed lines and scripts that are run, certificates, every pair of transports, clients of HTTP/2 and gRPC.
LONG := $(addprefix tests/e2e/test_,replay_battery.py fixture_battery.py dying.py differential.py spiteful.py devtools.py \
    daemon.py record.py soak.py curl.py export.py mcp.py other_languages.py doctor_faults.py fixture_library.py \
    pages.py certs.py certs_flaws.py combinations.py page_load.py page_quality.py invisible.py grpc.py http2.py \
    endpoints.py live_tabs.py permissions.py)

# What README.md and the pages of docs/compatibility.md tell a new user to type, on a bare Debian 12, Debian 13 and Ubuntu
# 24.04.
FIRST_HOUR := tests/e2e/test_first_hour.py

# Packages, installed into environments of their own: tools and minutes that only these tests need.
PACKAGES := $(addprefix tests/e2e/test_,packages.py image.py)

e2e: $(VENV)/.ready
	$(E2E) tests/e2e $(addprefix --ignore=,$(LONG) $(PACKAGES) $(FIRST_HOUR))

e2e-long: $(VENV)/.ready  ## the rest of tests/e2e; CI runs it too
	$(E2E) $(LONG)

first-hour: $(VENV)/.ready  ## as root; about 4 minutes, and 4 more when the roots are not there yet
	$(E2E) $(FIRST_HOUR)

# The battery against the engine, CLI, Compose, buildx and Podman of Debian sid, in a directory that is made when it is
# missing (90 s, with debootstrap) and kept in $$APISPY_E2E_ROOTS (/var/cache/apispy-e2e).
MODERN := $(addprefix tests/e2e/test_,battery.py battery_bytes.py battery_said.py compatibility.py note_probes.py \
    replay_battery.py replay_samples.py explain_modern.py buildkit.py guard_builds.py otlp.py \
    packaging_compose.py fixture_library.py)

e2e-modern: $(VENV)/.ready  ## as root
	APISPY_E2E_ENGINE=modern $(E2E) $(MODERN)

# The whole battery, each row with each docker CLI by each transport (`make e2e`: all pairs of these), with recorders
# around apispy on every transport (`make e2e`: on TCP), and more generated HTTP.
# The recorders end TLS themselves, so the row that looks at its handshake is left out.
differential: $(VENV)/.ready
	APISPY_E2E_GRID=whole APISPY_E2E_RECORDED="tcp unix mtls" APISPY_E2E_EXAMPLES=2000 $(BIN)/pytest -q --timeout 900 \
	    --deselect "tests/e2e/test_battery.py::test_same_as_directly[curl-alpn-mtls]" \
	    tests/e2e/test_battery.py tests/e2e/test_battery_bytes.py tests/e2e/test_differential.py tests/e2e/test_spiteful.py

# Mixed load of 50 clients for MINUTES, the daemon killed now and then; fails if anything grows or is lost.
MINUTES ?= 5
soak: $(VENV)/.ready
	$(BIN)/python -m tests.soak --minutes $(MINUTES)

golden: $(VENV)/.ready  ## rewrite the golden files from what the code does now
	$(BIN)/pytest -q tests/golden $(wildcard tests/unit/test_*_docs.py) --rewrite-golden

SHARE := packaging/apispy/share
share: $(VENV)/.ready  ## write the manual pages and completions that the package apispy installs
	rm -rf $(SHARE)
	$(BIN)/python tools/make_share.py $(SHARE)

# Of each of the two distributions its sdist, and from that its wheel.
dist: share $(VENV)-packages/.ready  ## build and check the packages, in dist/
	rm -rf dist
	$(VENV)-packages/bin/python tools/make_dist.py dist
	$(VENV)-packages/bin/twine check --strict dist/*
	rm -rf packaging/apispy/build packaging/apispy/*.egg-info

packages: dist  ## install them as users do, with each Python, tool, and bound of the dependencies; less than 3 minutes
	PATH="$(abspath $(VENV)-packages/bin):$$PATH" $(E2E) $(PACKAGES)

fuzz: $(VENV)/.ready  ## fuzz what reads hostile bytes, each target FUZZ_SECONDS long; fuzz/README.md
	$(BIN)/python -m pip install --quiet --group fuzz
	$(BIN)/python -m fuzz --seconds $(FUZZ_SECONDS)

site: $(VENV)-site/.ready  ## the documentation as a site, in .site/next; fails with a broken link
	$(VENV)-site/bin/python tools/site/publish.py .site next

samples: $(VENV)/.ready  ## make samples/*.jsonl anew with a real dockerd (as root), and what is expected of them
	$(BIN)/python -m tests.e2e.make_samples
	$(BIN)/pytest -q tests/golden/test_samples.py --rewrite-golden

.PHONY: fixtures
fixtures: $(VENV)/.ready  ## record the packaged fixtures anew with three real engines (as root, with debootstrap)
	$(BIN)/python -m tests.e2e.make_fixtures

.PHONY: picture
picture: $(VENV)/.ready  ## draw the terminal session in the README again (docs/images/*.svg)
	$(BIN)/python tools/make_picture.py

.PHONY: page-picture
page-picture: $(VENV)/.ready  ## take the picture of the page again (docs/images/page.png), with Chromium
	$(BIN)/python tools/make_page_picture.py

audit: $(VENV)/.ready  ## known vulnerabilities in what is installed; fails with 75 where they cannot be looked up
	$(BIN)/python tools/audit.py

bench: $(VENV)/.ready  ## how fast apispy is, side by side: about 40 minutes on a machine that does nothing else
	$(BIN)/python -m bench

bench-quick: $(VENV)/.ready  ## less than two minutes; fails when a figure is far off
	$(BIN)/python -m bench --quick

# Make the virtual environment that the target's stamp file is in.
define make_venv
@test -n "$(PYTHON)" || { echo "apispy needs Python 3.12 or newer; found none. Install one (pyenv, apt, brew), or: make PYTHON=/path/to/python3.12" >&2; exit 1; }
test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
endef

$(VENV)/.ready: pyproject.toml
	$(make_venv)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable . --group dev
	$(BIN)/python -m compileall -q apispy  # or the first processes, which are several at a time, would
	touch $@

$(VENV)-packages/.ready: pyproject.toml
	$(make_venv)
	$(@D)/bin/python -m pip install --quiet --upgrade pip
	$(@D)/bin/python -m pip install --quiet --group packages
	touch $@

$(VENV)-demo/.ready: pyproject.toml
	$(make_venv)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)-site/.ready: pyproject.toml
	$(make_venv)
	$(@D)/bin/python -m pip install --quiet --upgrade pip
	$(@D)/bin/python -m pip install --quiet --editable . --group site
	touch $@

clean:
	rm -rf $(VENV) $(VENV)-demo $(VENV)-audit $(VENV)-site $(VENV)-packages $(SHARE) dist .site .mypy_cache .ruff_cache .pytest_cache \
	    .hypothesis .import_linter_cache

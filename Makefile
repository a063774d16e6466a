# The commands that the README names. `make` alone lists them.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
# The oldest supported Python of this machine, as the demo runs on any of them; PYTHON=… overrides it.
ifndef PYTHON
PYTHON := $(notdir $(firstword $(foreach name,python3.11 python3.12 python3.13,$(shell command -v $(name))) python3.11))
endif
export DJANGO_SETTINGS_MODULE = portal.settings

.PHONY: help setup run test test-all coverage lint docs bench lock clean
help:            ## list the commands
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 10

setup: .venv/installed static/dist/installed            ## packages, pages' assets, migrations and sample data
	@SLIPWAY_EMBEDDED=1 .venv/bin/python manage.py prepare

run: .venv/installed static/dist/installed              ## the whole demo on this machine; Ctrl-C stops it
	@exec .venv/bin/python manage.py run $(ARGS)

test: .venv/installed static/dist/installed             ## all tests; those that need Chromium, PostgreSQL or kubectl where they are installed
	@tools/test.sh $(ARGS)

test-all: .venv/installed static/dist/installed         ## the tests under every supported Python on this machine
	@tools/test_all.sh $(ARGS)

coverage: .venv/installed static/dist/installed         ## all tests, and which branches they cover
	@tools/coverage.sh $(ARGS)

lint: .venv/installed static/dist/installed             ## style, types, import rules, templates, migrations
	@tools/lint.sh

docs: .venv/installed                                   ## write the generated tables of the documentation
	@.venv/bin/python -m tests.kro_features

bench: .venv/installed static/dist/installed            ## measure the figures of docs/performance.md
	@.venv/bin/python -m tests.bench $(ARGS)

lock: .venv/installed                                   ## lock the dependencies of pyproject.toml, with hashes
	@tools/lock.sh $(ARGS)

clean:                                                  ## remove the demo's data and everything that was installed
	rm -rf .venv node_modules static/dist var

# The stamps hold these up to date: a second call does nothing.
.venv/installed: requirements-dev.lock
	@tools/need.sh $(PYTHON) npm node
	@test -x .venv/bin/python || $(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

node_modules/installed: package.json package-lock.json
	@tools/need.sh npm node
	@if test -L node_modules; then echo "node_modules is a link, and npm ci would empty its target. Remove the link."; exit 1; fi
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

static/dist/installed: node_modules/installed tools/build_assets.mjs static/icons/names.txt $(wildcard static/css/*.css static/js/*.js)
	npm run --silent build
	@touch $@

#!/usr/bin/env bash
# Writes requirements.lock and requirements-dev.lock from pyproject.toml: exact versions for every supported Python
# and platform, with the hashes of all their files. Versions that are locked already stay as they are.
#   make lock                                everything stays that still fits
#   make lock ARGS=--upgrade                 newest versions
#   make lock ARGS="--upgrade-package NAME"  the newest version of one package
set -euo pipefail
compile() {
  UV_CUSTOM_COMPILE_COMMAND="make lock" .venv/bin/uv pip compile --quiet --universal --python-version 3.11 \
    --generate-hashes --annotation-style line --no-emit-index-url --no-emit-find-links "$@"
}
compile pyproject.toml --output-file requirements.lock "$@"
compile pyproject.toml --extra dev --constraints requirements.lock --output-file requirements-dev.lock "$@"

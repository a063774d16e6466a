#!/usr/bin/env bash
# The tests under every supported Python that this machine has; the others are named. Arguments go to the tests.
# Each interpreter has a virtual environment of its own in var/, with the locked dependencies.
set -u
status=0
interpreter() {
  local found
  for found in "$(command -v "python$1")" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/python; do
    if [ -x "$found" ] && "$found" -c 'import venv' >/dev/null 2>&1; then
      echo "$found"
      return
    fi
  done
}
for version in 3.11 3.12 3.13; do
  python=$(interpreter "$version")
  if [ -z "$python" ]; then
    echo "== Python $version: SKIPPED, it is not on this machine"
    continue
  fi
  environment=var/python-$version
  echo "== Python $version"
  if [ ! -e "$environment/installed" ] || [ requirements-dev.lock -nt "$environment/installed" ]; then
    "$python" -m venv "$environment" &&
      "$environment/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock &&
      touch "$environment/installed" || { status=1; continue; }
  fi
  PYTHON_RUN=$environment/bin/python tools/test.sh "$@" || status=1
done
exit "$status"

#!/usr/bin/env bash
# All tests in one run, in the order and distribution of tests/scheduling.py.
#   make test ARGS='tests/portal -k sign_in'    some tests
#   make test ARGS='-m "not slow"'              all but the slow ones
# REPORTS=folder writes a report in JUnit's format. WORKERS is the number of processes: by default two per core, because
# a test waits for servers and browsers half of its time. PYTHON_RUN replaces the interpreter (tools/coverage.sh).
set -u
tools/packages.sh
workers=${WORKERS:-$((2 * $(getconf _NPROCESSORS_ONLN)))}
# Workers, and the many processes that tests start, compile each module once and not once each.
unset PYTHONDONTWRITEBYTECODE
read -ra python <<<"${PYTHON_RUN:-.venv/bin/python}"
exec "${python[@]}" -m pytest -n "$workers" ${REPORTS:+"--junit-xml=$REPORTS/tests.xml"} "$@"

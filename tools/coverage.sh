#!/usr/bin/env bash
# All tests with the coverage of branches, in every process that they start; fails below the thresholds.
# Arguments go to the tests; a run of some tests is not held to the thresholds.
set -u
pure="contracts/problems.py"
pure+=",contracts/documents/*,contracts/schema/*,contracts/cel/*,contracts/graph/*,contracts/compiler/*,contracts/runtime/*"
pure+=",catalog/forms/fields/*,catalog/graph/layout.py,reconciler/objects/*,reconciler/plan/*,reconciler/status/*"
coverage=.venv/bin/coverage

rm -rf var/coverage
mkdir -p var/coverage
PYTHON_RUN="$coverage run" tools/test.sh "$@"
tests=$?
"$coverage" combine --quiet || exit 1
"$coverage" html --quiet
[ "$#" -gt 0 ] && { "$coverage" report; exit "$tests"; }

echo "== everything: at least 90 %"
"$coverage" report --fail-under=90 || tests=1
echo "== pure packages: at least 95 %"
"$coverage" report --include="$pure" --fail-under=95 | tail -1
[ "${PIPESTATUS[0]}" -eq 0 ] || tests=1
echo "Line by line: var/coverage/html/index.html"
exit "$tests"

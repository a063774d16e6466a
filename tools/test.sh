#!/usr/bin/env bash
# All tests, in two runs: Playwright keeps an event loop in its thread, in which tests of asynchronous code cannot run.
#   make test ARGS='tests/portal -k sign_in'    some tests
#   make test ARGS='-m "not slow"'              all but the slow ones
# REPORTS=folder writes a report of each run in JUnit's format. PYTHON_RUN replaces the interpreter (tools/coverage.sh).
set -u
tools/packages.sh
selected="" arguments=() status=0
while [ "$#" -gt 0 ]; do
  if [ "$1" = -m ] && [ "$#" -gt 1 ]; then
    selected=" and ($2)"
    shift 2
  else
    arguments+=("$1")
    shift
  fi
done
read -ra python <<<"${PYTHON_RUN:-.venv/bin/python}"
run() {
  local name=$1 marks=$2 result
  "${python[@]}" -m pytest -n 2 --dist loadgroup ${REPORTS:+"--junit-xml=$REPORTS/$name.xml"} \
    ${arguments[@]+"${arguments[@]}"} -m "$marks$selected"
  result=$?
  # 5: no test was selected, because the arguments belong to the other run
  if [ "$result" -ne 0 ] && [ "$result" -ne 5 ]; then status=$result; fi
}
run tests "not browser"
run browser "browser"
exit "$status"

#!/usr/bin/env bash
# Every test, in two runs: Playwright keeps an event loop in its thread, in which the tests of asynchronous code cannot run.
# Words given here go to both runs; a run that they leave without a test is no failure.
set -u
tools/chromium.sh
status=0
run() {
  .venv/bin/pytest -n 2 --dist loadgroup "$@"
  local result=$?
  if [ "$result" -ne 0 ] && [ "$result" -ne 5 ]; then status=$result; fi
}
run -m "not browser" "$@"
run -m browser "$@"
exit "$status"

#!/usr/bin/env bash
# Every check of the code that is not a test. All of them run, so that one call tells everything.
set -u
failed=()
check() {
  echo "== $1"
  shift
  "$@" || failed+=("$*")
}
check "style" .venv/bin/ruff check .
check "layout of code" .venv/bin/ruff format --check .
check "types" .venv/bin/mypy .
check "who imports whom" .venv/bin/lint-imports
check "template format" .venv/bin/djlint templates --check --quiet
check "templates" .venv/bin/djlint templates --lint --quiet
check "templates compile" .venv/bin/python manage.py check_templates
check "migrations" .venv/bin/python manage.py makemigrations --check --dry-run
if [ "${#failed[@]}" -gt 0 ]; then
  printf '\nNot clean:\n' && printf '  %s\n' "${failed[@]}"
  exit 1
fi
echo "All clean."

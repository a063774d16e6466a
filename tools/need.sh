#!/usr/bin/env bash
# Names every tool that is missing, with the command that installs it. Usage: tools/need.sh TOOL…
set -u
missing=0
for tool in "$@"; do
  command -v "$tool" >/dev/null 2>&1 && continue
  missing=1
  case "$tool" in
    python*) how="apt-get install python3.11 python3.11-venv" ;;
    npm) how="apt-get install npm   (Node.js 20 or newer)" ;;
    node) how="apt-get install nodejs   (Node.js 20 or newer)" ;;
    chromium) how="apt-get install chromium" ;;
    *) how="apt-get install $tool" ;;
  esac
  printf 'Slipway needs %s, which is not here. Install it with:\n    %s\n' "$tool" "$how" >&2
done
exit "$missing"

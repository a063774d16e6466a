#!/usr/bin/env bash
# System packages that some tests need: Chromium (browser), PostgreSQL and Redis (real backends). Installs the missing
# ones where apt-get may run without a question, otherwise says how to install them. Never fails: without them, those
# tests are skipped with a reason.
set -u
has() { command -v "$1" >/dev/null 2>&1; }
missing=()
has chromium || has chromium-browser || has google-chrome || missing+=(chromium)
compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null || has initdb || missing+=(postgresql)
has redis-server || missing+=(redis-server)
[ "${#missing[@]}" -eq 0 ] && exit 0

how="Install with: apt-get install ${missing[*]}"
if ! has apt-get; then
  echo "Not on this machine: ${missing[*]}. Their tests are skipped."
  exit 0
fi
as_root=()
if [ "$(id -u)" != 0 ]; then
  if ! sudo -n true >/dev/null 2>&1; then
    echo "Not on this machine: ${missing[*]}. Their tests are skipped. $how"
    exit 0
  fi
  as_root=(sudo -n)
fi

echo "Installing ${missing[*]} for the tests…"
"${as_root[@]}" apt-get update -q >/dev/null 2>&1
for package in "${missing[@]}"; do
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends "$package" >/dev/null 2>&1 ||
    echo "$package could not be installed: its tests are skipped."
done
exit 0

#!/usr/bin/env bash
# The browser tests need Chromium. Installs it where that may be done without a question; never fails.
set -u
command -v chromium >/dev/null 2>&1 && exit 0
command -v apt-get >/dev/null 2>&1 || exit 0
as_root=()
if [ "$(id -u)" != 0 ]; then
  sudo -n true >/dev/null 2>&1 || { echo "No Chromium: the browser tests are skipped. Install it with: apt-get install chromium"; exit 0; }
  as_root=(sudo -n)
fi
echo "Installing Chromium for the browser tests…"
{ "${as_root[@]}" apt-get update -q && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends chromium; } >/dev/null 2>&1 \
  || echo "Chromium could not be installed: the browser tests are skipped."
exit 0

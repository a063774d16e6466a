"""The system's Chromium, and its flags for a machine without a screen."""

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Milliseconds, on a machine that has much else to do.
WITHIN = 60_000  # for a response or an element
SHOWN_WITHIN = 10_000  # for an expected content: sooner than a page without live updates asks for it (15 s)

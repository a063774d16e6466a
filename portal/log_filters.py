"""What is left out of the log."""

from __future__ import annotations

import logging


class ClientErrorsWithoutTraceback(logging.Filter):
    """Django logs a refused request (no permission, an unknown host) with a traceback, like a failure."""

    def filter(self, record: logging.LogRecord) -> bool:
        refused = 400 <= getattr(record, "status_code", 0) < 500
        if refused or record.name.startswith("django.security"):
            record.exc_info = record.exc_text = None
        return True

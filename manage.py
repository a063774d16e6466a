#!/usr/bin/env python
"""Starts every command of Slipway."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    if sys.argv[1:2] == ["run"]:  # the demo; settings are read from the environment
        os.environ.setdefault("SLIPWAY_EMBEDDED", "1")
    execute_from_command_line(sys.argv)

"""The Python that ``make`` chooses on machines with other ones."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(
    ("present", "arguments", "chosen"),
    [
        (["python3.11", "python3.12"], [], "python3.11"),
        (["python3.12"], [], "python3.12"),
        (["python3.13", "python3.14"], [], "python3.13"),
        (["python3.10"], [], "python3.11"),  # which tools/need.sh then asks for
        (["python3.12"], ["PYTHON=python3.13"], "python3.13"),
    ],
)
def test_the_oldest_supported_python(
    tmp_path: Path, present: list[str], arguments: list[str], chosen: str
) -> None:
    for name in present:
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    for name in ("bash", "sh"):
        (tmp_path / name).symlink_to(shutil.which(name) or name)
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not installed: apt-get install make")
    done = subprocess.run(
        [make, "--print-data-base", "--question", "--file", str(ROOT / "Makefile"), "help", *arguments],
        env={"PATH": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert re.findall(r"^PYTHON :?= (.*)$", done.stdout, re.MULTILINE) == [chosen]

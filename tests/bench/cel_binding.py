"""Google's C++ evaluator by its Python binding, timed in a process of its own, which it can crash.

Reads ``{"data": {…}, "expressions": {name: source}}`` from standard input, writes ``{name: seconds}``. Every
evaluation goes from plain Python values to a plain Python value, as a reconciler would use it.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from tests.bench.timing import seconds

MOST = 20_000


def times(expressions: Mapping[str, str], data: Mapping[str, Any]) -> dict[str, float]:
    """Seconds per expression; empty if the binding is not installed or its process failed."""
    asked = json.dumps({"data": data, "expressions": expressions})
    command = [sys.executable, "-m", "tests.bench.cel_binding"]
    ended = subprocess.run(command, input=asked, capture_output=True, text=True, timeout=120)
    found: dict[str, float] = json.loads(ended.stdout) if ended.returncode == 0 else {}
    return found


def main() -> None:
    binding = import_module("cel_expr_python.cel")  # only here: it can crash its process
    asked = json.load(sys.stdin)
    found = {}
    for name, source in asked["expressions"].items():
        data = {root: value for root, value in asked["data"].items() if re.search(rf"\b{root}\b", source)}
        environment = binding.NewEnv(variables=dict.fromkeys(data, binding.Type.DYN))
        program = environment.compile(source)
        found[name] = seconds(evaluation(program, data), most=MOST)
    json.dump(found, sys.stdout)


def evaluation(program: Any, data: Mapping[str, Any]) -> Callable[[], object]:
    return lambda: program.eval(data=data).plain_value()


if __name__ == "__main__":
    main()

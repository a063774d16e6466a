"""Google's C++ evaluator by its Python binding, timed in a process of its own: it may take the process along.

Reads ``{"data": {…}, "expressions": {name: source}}`` from standard input, writes ``{name: seconds}``. Every
evaluation goes from plain Python values to a plain Python value, as a reconciler would use it.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from tests.bench.timing import seconds

MOST = 20_000


def times(expressions: Mapping[str, str], data: Mapping[str, Any]) -> dict[str, float]:
    """Seconds per expression; empty when the binding is not installed or its process broke down."""
    asked = json.dumps({"data": data, "expressions": expressions})
    command = [sys.executable, "-m", "tests.bench.cel_binding"]
    ended = subprocess.run(command, input=asked, capture_output=True, text=True, timeout=120)
    return json.loads(ended.stdout) if ended.returncode == 0 else {}


def main() -> None:
    from cel_expr_python import cel as binding

    asked = json.load(sys.stdin)
    found = {}
    for name, source in asked["expressions"].items():
        data = {root: value for root, value in asked["data"].items() if re.search(rf"\b{root}\b", source)}
        environment = binding.NewEnv(variables=dict.fromkeys(data, binding.Type.DYN))
        program = environment.compile(source)
        found[name] = seconds(lambda run=program.eval, data=data: run(data=data).plain_value(), most=MOST)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()

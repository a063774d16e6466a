"""CEL's official conformance data as test cases, with values and types converted to ours."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts import cel
from contracts.cel.library.kubernetes.network import CIDRValue, IPValue
from contracts.cel.values.cel_values import SECOND, TypeValue
from tests.contracts.cel import textproto
from tests.contracts.cel.textproto import Message

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("SLIPWAY_CONFORMANCE") or ROOT.parent / "shared" / "conformance") / "cel-spec"
ENVIRONMENT = cel.Environment(extras=True)
# Protobuf messages are not supported, except timestamps and durations, which are part of CEL.
MESSAGES = re.compile(
    r"conformance|TestAllTypes|google\.(?:rpc|type)|google\.protobuf\b(?!\.(?:Timestamp|Duration)\b)|proto[23]"
)
# The notation of an optimiser, which authors cannot write.
INTERNAL = frozenset(("block_ext",))


@dataclass(frozen=True)
class Case:
    name: str
    message: Message

    @property
    def source(self) -> str:
        return text(self.message, "expr")

    @property
    def wants_error(self) -> bool:
        return "eval_error" in self.message or "any_eval_errors" in self.message


def text(message: Message, field: str) -> str:
    return bytes(message[field][-1]).decode() if field in message else ""


def cases() -> Iterator[Case]:
    """The cases that use no protobuf messages and declare no functions."""
    for path in sorted(DATA.glob("*.textproto")):
        if path.stem in INTERNAL:
            continue
        for section in textproto.read(path.read_text()).get("section", []):
            for test in section.get("test", []):
                declares = any("function" in entry for entry in test.get("type_env", []))
                if not declares and not MESSAGES.search(repr(test)):
                    yield Case(f"{path.stem}/{text(section, 'name')}/{text(test, 'name')}", test)


def value(message: Message) -> Any:
    """Convert a ``cel.expr.Value``."""
    for kind, values in message.items():
        if kind not in CONVERSIONS:
            raise ValueError(f"the conformance data contain a value of an unsupported kind: {kind}")
        return CONVERSIONS[kind](values[-1])
    return None


def map_value(message: Message) -> dict[Any, Any]:
    entries = message.get("entries", [])
    return {value(entry["key"][-1]): value(entry["value"][-1]) for entry in entries}


def well_known(message: Message) -> Any:
    ((url, (inner,)),) = message.items()
    ns = int(inner.get("seconds", ["0"])[-1]) * SECOND + int(inner.get("nanos", ["0"])[-1])
    return cel.Timestamp(ns) if url.endswith("Timestamp]") else cel.Duration(ns)


CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "null_value": lambda _: None,
    "bool_value": lambda text: text == "true",
    "int64_value": lambda text: int(text, 0),
    "int64": lambda text: int(text, 0),
    "uint64_value": lambda text: cel.UInt(int(text, 0)),
    "uint64": lambda text: cel.UInt(int(text, 0)),
    "double_value": float,
    "string_value": bytes.decode,
    "bytes_value": bytes,
    "type_value": lambda name: TypeValue(name.decode()),
    "list_value": lambda message: [value(item) for item in message.get("values", [])],
    "map_value": map_value,
    "object_value": well_known,
}
PRIMITIVES = {
    "INT64": cel.INT,
    "UINT64": cel.UINT,
    "BOOL": cel.BOOL,
    "DOUBLE": cel.DOUBLE,
    "STRING": cel.STRING,
}
PRIMITIVES["BYTES"] = cel.BYTES


def type_of(message: Message) -> cel.Type:
    """Convert a ``cel.expr.Type``."""
    for kind, values in message.items():
        one = values[-1]
        if kind == "primitive":
            return PRIMITIVES[one]
        if kind == "well_known":
            return {"TIMESTAMP": cel.TIMESTAMP, "DURATION": cel.DURATION}.get(one, cel.DYN)
        if kind == "null":
            return cel.NULL
        if kind == "list_type":
            return cel.ListType(type_of(one.get("elem_type", [{}])[-1]))
        if kind == "map_type":
            return cel.MapType(type_of(one["key_type"][-1]), type_of(one["value_type"][-1]))
        if kind == "abstract_type" and text(one, "name") == "optional_type":
            return cel.OptionalType(type_of(one["parameter_types"][-1]))
    return cel.DYN


def same(wanted: Any, got: Any) -> bool:
    """Whether value and type are equal; NaN equals itself."""
    if isinstance(got, (IPValue, CIDRValue)):
        return False
    if type(wanted) is not type(got):
        return False
    if isinstance(wanted, float):
        return wanted == got or (math.isnan(wanted) and math.isnan(got))
    if isinstance(wanted, list):
        return len(wanted) == len(got) and all(map(same, wanted, got))
    if isinstance(wanted, dict):
        return len(wanted) == len(got) and all(
            any(same(key, other) and same(item, got[other]) for other in got) for key, item in wanted.items()
        )
    return bool(wanted == got)


def fault(case: Case) -> str:
    """An empty string if the case passes, else the actual result."""
    message = case.message
    variables: dict[str, cel.Type] = {}
    for declaration in message.get("type_env", []):
        variables[text(declaration, "name")] = type_of(declaration["ident"][-1].get("type", [{}])[-1])
    bindings = {
        text(binding, "key"): value(binding["value"][-1].get("value", [{}])[-1])
        for binding in message.get("bindings", [])
    }
    try:
        expression = cel.parse(case.source, ENVIRONMENT)
        kind, problems = cel.check(expression, {**dict.fromkeys(bindings, cel.DYN), **variables})
        if "disable_check" not in message and problems:
            return "" if case.wants_error and not _about_names(problems) else f"check: {problems[0].message}"
        typed = message.get("typed_result", [{}])[-1]
        if "deduced_type" in typed and kind != type_of(typed["deduced_type"][-1]):
            return f"type {kind}, not {type_of(typed['deduced_type'][-1])}"
        if "check_only" in message:
            return ""
        got = expression.evaluate(bindings)
    except cel.CelSyntaxError as error:
        return "" if case.wants_error else f"syntax: {error}"
    except cel.CelError as error:
        return "" if case.wants_error and not _unknown(case, error) else f"error: {error}"
    if case.wants_error:
        return f"no error but {got!r}"
    wanted = value(message["value"][-1]) if "value" in message else _typed(message, got)
    return "" if same(wanted, got) else f"{got!r}, not {wanted!r}"


def _typed(message: Message, got: Any) -> Any:
    if "typed_result" not in message:
        return True
    typed = message["typed_result"][-1]
    return value(typed["result"][-1]) if "result" in typed else got


def _about_names(problems: list[cel.TypeProblem]) -> bool:
    return any(problem.code.startswith("unknown-function") for problem in problems)


def _unknown(case: Case, error: cel.CelError) -> bool:
    """An error about an unknown function does not prove that the function fails as expected."""
    return error.message.startswith("unknown function") and "unbound" not in repr(case.message)

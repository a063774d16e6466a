"""The Common Expression Language as Kubernetes and kro speak it: parse, check, evaluate."""

from __future__ import annotations

from contracts.cel.assigning import assignable
from contracts.cel.checking import check
from contracts.cel.errors import CelError, CelSyntaxError, LimitExceeded
from contracts.cel.expression import Expression, parse
from contracts.cel.inference import TypeProblem
from contracts.cel.limits import DEFAULT, Limits
from contracts.cel.names import KRO, Environment
from contracts.cel.openapi import from_openapi, to_openapi
from contracts.cel.output import to_json
from contracts.cel.references import Reference
from contracts.cel.scanning import scan
from contracts.cel.types import (
    BOOL,
    BYTES,
    CIDR,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    IP,
    NULL,
    QUANTITY,
    SEMVER,
    STRING,
    TIMESTAMP,
    UINT,
    URL,
    ConditionType,
    ListType,
    MapType,
    OptionalType,
    StructType,
    Type,
    TypeType,
)
from contracts.cel.values import OMIT, Duration, OptionalValue, Timestamp, UInt
from contracts.cel.views import wrap

OPTIONAL = OptionalValue

__all__ = [
    "BOOL",
    "BYTES",
    "CIDR",
    "DEFAULT",
    "DOUBLE",
    "DURATION",
    "DYN",
    "INT",
    "IP",
    "KRO",
    "NULL",
    "OMIT",
    "OPTIONAL",
    "QUANTITY",
    "SEMVER",
    "STRING",
    "TIMESTAMP",
    "UINT",
    "URL",
    "CelError",
    "CelSyntaxError",
    "ConditionType",
    "Duration",
    "Environment",
    "Expression",
    "LimitExceeded",
    "Limits",
    "ListType",
    "MapType",
    "OptionalType",
    "OptionalValue",
    "Reference",
    "StructType",
    "Timestamp",
    "Type",
    "TypeProblem",
    "TypeType",
    "UInt",
    "assignable",
    "check",
    "from_openapi",
    "parse",
    "scan",
    "to_json",
    "to_openapi",
    "wrap",
]

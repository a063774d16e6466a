"""The Common Expression Language as Kubernetes and kro use it: parse, check, evaluate."""

from __future__ import annotations

from contracts.cel.environment import KRO, Environment
from contracts.cel.errors import CelError, CelSyntaxError, LimitExceeded
from contracts.cel.expression import Expression, parse
from contracts.cel.limits import DEFAULT, Limits
from contracts.cel.references import Reference
from contracts.cel.syntax.scanning import scan
from contracts.cel.typecheck.checker import check
from contracts.cel.typecheck.inference import TypeProblem
from contracts.cel.typecheck.literal_maps import literals_fit
from contracts.cel.types.assignability import assignable
from contracts.cel.types.cel_types import (
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
from contracts.cel.types.openapi import from_openapi, to_openapi
from contracts.cel.types.schema_views import wrap
from contracts.cel.values.cel_values import OMIT, Duration, OptionalValue, Timestamp, UInt
from contracts.cel.values.output import to_json

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
    "literals_fit",
    "parse",
    "scan",
    "to_json",
    "to_openapi",
    "wrap",
]

"""The Common Expression Language as Kubernetes and kro speak it: parse, check, evaluate."""

from __future__ import annotations

from contracts.cel.errors import CelError, CelSyntaxError, LimitExceeded
from contracts.cel.expression import Expression, parse
from contracts.cel.limits import DEFAULT, Limits
from contracts.cel.names import KRO, Environment
from contracts.cel.references import Reference
from contracts.cel.values import OMIT, OptionalValue

__all__ = [
    "DEFAULT",
    "KRO",
    "OMIT",
    "CelError",
    "CelSyntaxError",
    "Environment",
    "Expression",
    "LimitExceeded",
    "Limits",
    "OptionalValue",
    "Reference",
    "parse",
]

"""kro's SimpleSchema → OpenAPI v3, and data against such a schema: validate, apply defaults, prune."""

from contracts.schema.defaulting import apply_defaults, prune
from contracts.schema.patterns import pattern_fault
from contracts.schema.problem import SchemaProblem
from contracts.schema.simple import SchemaResult, simple_schema
from contracts.schema.values import validate, without

__all__ = [
    "SchemaProblem",
    "SchemaResult",
    "apply_defaults",
    "pattern_fault",
    "prune",
    "simple_schema",
    "validate",
    "without",
]

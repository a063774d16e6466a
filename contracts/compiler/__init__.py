"""The compiler: a contract's text and kind schemas → a definition and all problems. Pure."""

from contracts.compiler.checks.endless_instances import creations_of
from contracts.compiler.checks.validation import validate_spec
from contracts.compiler.compatibility import SchemaChange, schema_changes
from contracts.compiler.compilation import Compilation
from contracts.compiler.compiling import compile_cached, compile_text
from contracts.compiler.contract_document import FieldGroup, FieldHint, FormHints, Presentation
from contracts.compiler.definition import (
    Code,
    Definition,
    FieldMapping,
    Iterator,
    Node,
    NodeType,
    Outline,
    OutlineEdge,
    OutlineNode,
    Part,
    Path,
    Reason,
    Scope,
)
from contracts.compiler.field_mappings import source_fields
from contracts.compiler.kinds.kind_schemas import (
    Creation,
    GroupKind,
    KindInfo,
    KindSchemas,
    builtin_kinds,
    kinds_with,
)
from contracts.compiler.kinds.plurals import plural_of
from contracts.compiler.reach import Reach, ReachEntry
from contracts.documents import Span

__all__ = [
    "Code",
    "Compilation",
    "Creation",
    "Definition",
    "FieldGroup",
    "FieldHint",
    "FieldMapping",
    "FormHints",
    "GroupKind",
    "Iterator",
    "KindInfo",
    "KindSchemas",
    "Node",
    "NodeType",
    "Outline",
    "OutlineEdge",
    "OutlineNode",
    "Part",
    "Path",
    "Presentation",
    "Reach",
    "ReachEntry",
    "Reason",
    "SchemaChange",
    "Scope",
    "Span",
    "builtin_kinds",
    "compile_cached",
    "compile_text",
    "creations_of",
    "kinds_with",
    "plural_of",
    "schema_changes",
    "source_fields",
    "validate_spec",
]

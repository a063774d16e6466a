"""A whole definition: read, check, compile. Pure: text and kind schemas in, a value and all problems out."""

from contracts.compiler.checks.validation import validate_spec
from contracts.compiler.compatibility import Change, breaking_changes
from contracts.compiler.compilation import Compilation
from contracts.compiler.compiling import compile_cached, compile_text
from contracts.compiler.contract_document import FieldGroup, FieldHint, FormHints, Presentation
from contracts.compiler.definition import (
    Code,
    Definition,
    Feed,
    Iterator,
    Node,
    NodeType,
    Outline,
    OutlineEdge,
    OutlineNode,
    Part,
    Path,
    Place,
    Reason,
    Scope,
)
from contracts.compiler.field_mappings import feeding
from contracts.compiler.kinds.kind_schemas import KindInfo, KindSchemas, builtin_kinds, kinds_with
from contracts.compiler.kinds.plurals import plural_of

__all__ = [
    "Change",
    "Code",
    "Compilation",
    "Definition",
    "Feed",
    "FieldGroup",
    "FieldHint",
    "FormHints",
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
    "Place",
    "Presentation",
    "Reason",
    "Scope",
    "breaking_changes",
    "builtin_kinds",
    "compile_cached",
    "compile_text",
    "feeding",
    "kinds_with",
    "plural_of",
    "validate_spec",
]

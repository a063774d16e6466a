"""A whole definition: read, check, compile. Pure: text and kind schemas in, a value and all problems out."""

from contracts.compiler.compatibility import Change, breaking_changes
from contracts.compiler.compiling import compile_cached, compile_text
from contracts.compiler.definition import (
    Code,
    Compilation,
    Definition,
    Feed,
    FieldGroup,
    FieldHint,
    FormHints,
    Iterator,
    Node,
    NodeType,
    Outline,
    OutlineEdge,
    OutlineNode,
    Part,
    Path,
    Place,
    Presentation,
    Reason,
    Scope,
)
from contracts.compiler.feeds import feeding
from contracts.compiler.judging import validate_spec
from contracts.compiler.kinds import KindInfo, KindSchemas, builtin_kinds, kinds_with
from contracts.compiler.plurals import plural_of

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

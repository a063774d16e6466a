"""A tree of form fields, built from OpenAPI schema, presentation hints, values and problems. Pure.

Input names are slash-separated paths of tokens (:mod:`catalog.forms.fields.input_names`), so that rows can be
added, removed and moved without renaming other inputs, and map keys never enter a name.
"""

from catalog.forms.fields.field import Field, FieldProblem, FieldTree, Group
from catalog.forms.fields.field_types import FieldType, field_type_of
from catalog.forms.fields.posted import Opened, Posted, read_posted
from catalog.forms.fields.table import FieldFact, field_table
from catalog.forms.fields.tree import FormState, build

__all__ = [
    "Field",
    "FieldFact",
    "FieldProblem",
    "FieldTree",
    "FieldType",
    "FormState",
    "Group",
    "Opened",
    "Posted",
    "build",
    "field_table",
    "field_type_of",
    "read_posted",
]

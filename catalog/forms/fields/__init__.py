"""OpenAPI schema + presentation hints + values + problems → a tree of fields. Pure; templates only draw it.

Input names are slash paths of tokens (:mod:`catalog.forms.fields.names`), so that rows can be added, removed
and moved without renaming anything, and map keys never enter a name.
"""

from catalog.forms.fields.field import Field, FieldTree, Group, Trouble
from catalog.forms.fields.kinds import Kind, kind_of
from catalog.forms.fields.posted import Posted, read_posted
from catalog.forms.fields.table import FieldFact, field_table
from catalog.forms.fields.tree import build

__all__ = [
    "Field",
    "FieldFact",
    "FieldTree",
    "Group",
    "Kind",
    "Posted",
    "Trouble",
    "build",
    "field_table",
    "kind_of",
    "read_posted",
]

"""cel-python's grammar, extended to the CEL of Kubernetes and kro.

The grammar is a text file in the cel-python package; the package itself is never imported. Some rules and
terminals are replaced in memory: optional syntax, quoted fields, trailing commas, and string and number
terminals that preserve newlines and never backtrack. A replacement whose rule does not exist fails at once,
so that another version of the package cannot change the language unnoticed.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lark import Lark

# Precedence levels with a single child add nothing to the tree.
TRANSPARENT = (
    "expr",
    "conditionalor",
    "conditionaland",
    "relation",
    "addition",
    "multiplication",
    "unary",
    "primary",
)

RULES = {
    "member": "member_dot | member_optdot | member_dot_arg | member_index | member_optindex"
    " | member_object | primary",
    "member_dot": 'member "." (IDENT | QUOTED)',
    "list_lit": '"[" [list_items] "]"',
    "relation_in": "relation IN",
    "mapinits": 'map_entry ("," map_entry)* [","]',
    "fieldinits": 'field_entry ("," field_entry)* [","]',
}

NEW_RULES = """
member_optdot   : member "." "?" (IDENT | QUOTED)
member_optindex : member "[" "?" expr "]"
list_items      : list_item ("," list_item)* [","]
list_item       : ["?"] expr
map_entry       : ["?"] expr ":" expr
field_entry     : ["?"] (IDENT | QUOTED) ":" expr
"""

TERMINALS = {
    "INT_LIT": r"/-?(?:0x[0-9a-fA-F]+|[0-9]+)/",
    "UINT_LIT": r"/-?(?:0x[0-9a-fA-F]+|[0-9]+)[uU]/",
    "FLOAT_LIT": r"/-?(?:[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+"
    r"|\.[0-9]+(?:[eE][+-]?[0-9]+)?)/",
    "BOOL_LIT": r"/(?:true|false)(?![a-zA-Z0-9_])/",
    "NULL_LIT": r"/null(?![a-zA-Z0-9_])/",
    "COMMENT": r"/\/\/[^\n]*/",
}
PRIORITIES = {"BOOL_LIT": 2, "NULL_LIT": 2, "FLOAT_LIT": 2, "UINT_LIT": 2}

# One alternative per kind of quotes; each is linear and needs no backtracking.
SHORT = r""""(?:\\.|[^"\\\r\n])*"|'(?:\\.|[^'\\\r\n])*'"""
SHORT_RAW = r"""[rR]"[^"\r\n]*"|[rR]'[^'\r\n]*'"""
LONG = r'''"""(?:\\.|[^"\\]|"(?!""))*"""|\'\'\'(?:\\.|[^\'\\]|\'(?!\'\'))*\'\'\''''
LONG_RAW = r'''[rR]"""(?:[^"]|"(?!""))*"""|[rR]\'\'\'(?:[^\']|\'(?!\'\'))*\'\'\''''
NEW_TERMINALS = f"""
STRING_LIT.3   : /{SHORT}|{SHORT_RAW}/
MLSTRING_LIT.4 : /{LONG}|{LONG_RAW}/s
BYTES_LIT.5    : /[bB](?:{LONG_RAW}|{LONG}|{SHORT_RAW}|{SHORT})/s
QUOTED         : /`[a-zA-Z0-9_.\\-\\/ ]+`/
IN             : /in(?![a-zA-Z0-9_])/
"""


def text() -> str:
    """The grammar in Lark's notation."""
    grammar = _packaged()
    for name in ("STRING_LIT", "MLSTRING_LIT", "BYTES_LIT"):
        grammar = _replace(grammar, name, "")
    for name, body in RULES.items():
        grammar = _replace(grammar, name, f"{name} : {body}\n")
    for name, body in TERMINALS.items():
        priority = f".{PRIORITIES[name]}" if name in PRIORITIES else ""
        grammar = _replace(grammar, name, f"{name}{priority} : {body}\n")
    for name in (*TRANSPARENT, "member"):
        grammar, found = re.subn(rf"^{name}\s*:", f"?{name} :", grammar, flags=re.MULTILINE)
        _found_once(name, found)
    return grammar + NEW_RULES + NEW_TERMINALS


def parser(builder: Any) -> Lark:
    """An LALR parser that calls the method of ``builder`` named like each rule it reduces."""
    return Lark(
        text(),
        parser="lalr",
        start="expr",
        transformer=builder,
        keep_all_tokens=True,
        maybe_placeholders=False,
    )


def _packaged() -> str:
    found = find_spec("celpy")
    if found is None or found.origin is None:
        raise RuntimeError("cel-python is not installed.")
    return (Path(found.origin).parent / "cel.lark").read_text(encoding="utf-8")


def _replace(grammar: str, name: str, definition: str) -> str:
    statement = rf"^{name}(?:\.\d+)?[ \t]*:.*\n(?:[ \t]+\|.*\n)*"
    grammar, found = re.subn(statement, lambda _: definition, grammar, flags=re.MULTILINE)
    _found_once(name, found)
    return grammar


def _found_once(name: str, found: int) -> None:
    if found != 1:
        raise RuntimeError(f"cel-python's grammar has changed: {name} is defined {found} times.")

"""The rules of CRDs, evaluated by the contracts' CEL.

It is the language that is shared, not the client: a rule that the portal reads one way must not mean another
thing here.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from contracts.cel import Expression

Schema = Mapping[str, Any]


class CelRules:
    """See `devcluster.kinds.rules.Engine`. CEL is imported at the first rule: most clusters never see one."""

    def holds(self, rule: str, value: Any, old: Any, schema: Schema, *, optional_old: bool = False) -> bool:
        """Also true of a rule that this CEL cannot read: a gap here must not refuse what a real server takes.

        Not true of a rule whose evaluation fails, such as one that reads a field that is not there.
        """
        from contracts import cel

        expression = _parsed(rule)
        if expression is None:
            return True
        try:
            return expression.evaluate(_bindings(value, old, schema, optional_old)) is True
        except cel.CelError:
            return False

    def text(
        self, expression: str, value: Any, old: Any, schema: Schema, *, optional_old: bool = False
    ) -> str:
        """Empty when there is none, or none that can be shown in one line."""
        from contracts import cel

        found = _parsed(expression)
        if found is None:
            return ""
        try:
            made = found.evaluate(_bindings(value, old, schema, optional_old))
        except cel.CelError:
            return ""
        return made.strip() if isinstance(made, str) and "\n" not in made else ""


@lru_cache(maxsize=1000)
def _parsed(source: str) -> Expression | None:
    """None for what cannot be read, or calls what this CEL does not have."""
    from contracts import cel

    try:
        expression = cel.parse(source, cel.Environment(extras=True))
    except cel.CelSyntaxError:
        return None
    _, problems = cel.check(expression, {"self": cel.DYN, "oldSelf": cel.DYN})
    return None if any(problem.code == "unknown-function" for problem in problems) else expression


def _bindings(value: Any, old: Any, schema: Schema, optional_old: bool) -> dict[str, object]:
    """`oldSelf` is absent on creation, or an optional value when the rule asks for that."""
    from contracts import cel

    kind = cel.from_openapi(schema, name="self")
    bindings: dict[str, object] = {"self": cel.wrap(value, kind)}
    before = None if old is None else cel.wrap(old, kind)
    if optional_old:
        bindings["oldSelf"] = cel.OptionalValue(old is not None, before)
    elif old is not None:
        bindings["oldSelf"] = before
    return bindings

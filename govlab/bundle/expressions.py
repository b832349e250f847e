"""CEL inside YAML: parsed, checked, every problem at its character in the file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from collections.abc import Sequence as ListOf
from typing import Any

from govlab.bundle import tree
from govlab.bundle.model import Expression
from govlab.errors import Diagnostic
from govlab.lang.checker import Scope, check
from govlab.lang.parser import SyntaxProblem, parse
from govlab.lang.printer import show
from govlab.types import BOOL, DOUBLE, Type

__all__ = ["Expressions", "written"]


class Expressions:
    """Reads expressions and keeps everything found wrong with them."""

    def __init__(self, problems: Iterable[Diagnostic] = ()) -> None:
        self.problems = list(problems)

    def problem(self, node: tree.Tree, code: str, message: str, hint: str = "") -> None:
        """Note a problem at `node`."""
        self.problems.append(tree.problem(node, code, message, hint))

    def read(
        self, node: tree.Tree, scope: Scope, want: Type | None = BOOL, text: str | None = None
    ) -> Expression | None:
        """The expression at `node`, of type `want`; `text` stands for what is not written as CEL.

        None where it is wrong: then the problems say why.
        """
        inside = isinstance(node, tree.Scalar) and text is None
        source = _cel(node) if isinstance(node, tree.Scalar) and text is None else text or "true"
        try:
            parsed = parse(source)
        except SyntaxProblem as wrong:
            self._at(node, inside, "GL100", wrong.message, wrong.hint, wrong.span.start)
            return None
        checked = check(parsed, scope, want=want)
        for found in checked.problems:
            self._at(node, inside, found.code, found.message, found.hint, found.span.start)
        if checked.problems:
            return None
        return Expression(show(parsed), checked.node, source, node.place)

    def _at(
        self, node: tree.Tree, inside: bool, code: str, message: str, hint: str, start: int
    ) -> None:
        index = start if inside else None
        self.problems.append(tree.problem(node, code, message, hint, index=index))


def _cel(node: tree.Scalar) -> str:
    """The text of a scalar; YAML's `True` is CEL's `true`."""
    return node.text.lower() if isinstance(node.value, bool) else node.text


def written(node: tree.Tree, kind: Type) -> str | None:
    """The CEL for a YAML value that stands for itself; None for text, which is CEL already.

    A whole number given to a double attribute is that double.
    """
    if isinstance(node, tree.Scalar):
        return None if isinstance(node.value, str) else _literal(node.value, kind)
    items = tree.plain(node)
    element = kind.params[0] if kind.params else kind
    return (
        f"[{', '.join(_literal(item, element) for item in items)}]"
        if isinstance(items, ListOf)
        else None
    )


def _literal(value: Any, kind: Type) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and kind == DOUBLE:
        return repr(float(value))
    return json.dumps(value, ensure_ascii=False)  # CEL has no surrogate pairs

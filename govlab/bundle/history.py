"""History features as declared: what they count, of whom, in which window (S8)."""

from __future__ import annotations

from govlab.bundle.documents import HistoryDocument
from govlab.bundle.expressions import Expressions
from govlab.bundle.model import Feature
from govlab.bundle.sources import Documents
from govlab.bundle.tree import node_at
from govlab.errors import did_you_mean
from govlab.lang.checker import Scope
from govlab.types import INT

__all__ = ["read_features"]


def read_features(
    documents: Documents, scope: Scope, expressions: Expressions
) -> tuple[Feature, ...]:
    """The features; GL043 where `per` or `sum` names what no event has."""
    found = [
        _feature(name, document, documents, scope, expressions)
        for name, document in documents.manifest.history.items()
    ]
    return tuple(f for f in found if f is not None)


def _feature(
    name: str,
    document: HistoryDocument,
    documents: Documents,
    scope: Scope,
    expressions: Expressions,
) -> Feature | None:
    at = ("history", name)
    before = len(expressions.problems)
    for place, attribute in enumerate(document.per):
        if attribute not in scope.attributes:
            expressions.problem(
                node_at(documents.tree, (*at, "per", place)),
                "GL043",
                f"`{attribute}` cannot be a key: "
                f"{scope.refused.get(attribute, 'there is no such attribute')}",
                did_you_mean(attribute, scope.attributes),
            )
    count = None
    if document.count is not None:
        count = expressions.read(node_at(documents.tree, (*at, "count")), scope)
    if document.sum not in (None, "cost") and scope.attributes.get(str(document.sum)) != INT:
        expressions.problem(
            node_at(documents.tree, (*at, "sum")),
            "GL043",
            f"`{document.sum}` cannot be summed",
            "use `cost` or an int attribute",
        )
    if len(expressions.problems) > before:
        return None
    return Feature(name, count, document.sum, document.per, document.within, document.over)

"""What targets and conditions ask of `tool` and `action`, and by which texts they are found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from govlab.backends.scalar.globs import is_exact
from govlab.lang.nodes import (
    And,
    Call,
    Conditional,
    Literal,
    MakeList,
    Node,
    Or,
    Present,
    Variable,
)
from govlab.types import STRING

__all__ = ["KEYS", "KeyTest", "key_test", "needed"]

KEYS = (("tool", "action"), ("action", "tool"))
"""The attributes to find policies by, in this order, and the one that may stand for each (S3)."""


class KeyTest(NamedTuple):
    """Whether `key` matches one of `globs`; where it is absent and `other` is not, it does not."""

    key: str
    other: str
    globs: tuple[str, ...]


def key_test(node: Node) -> KeyTest | None:
    """What `node` is, if it is a target's test of `tool` or `action` as the plan writes it."""
    match node:
        case Conditional(
            condition=Present(name=key),
            then=Call(function="@glob", args=(Variable(), Literal(value=globs))) as test,
            otherwise=Conditional(
                condition=Present(name=other), then=Literal(value=False), otherwise=again
            ),
        ) if test == again and test.args[0] == Variable(STRING, test.args[0].span, key):
            return KeyTest(key, other, tuple(globs))
        case _:
            return None


def needed(node: Node | None, key: str) -> frozenset[str] | None:
    """Globs of which the attribute `key` must match one, or `node` is false; None: any text.

    `node` is a target or a condition. Each glob is a text, or the start of one with `*` behind.
    Only where `key` is a text: absent, malformed and unknown are for the node itself to judge.
    """
    match node:
        case Or(left=left, right=right):
            one, other = needed(left, key), needed(right, key)
            return None if one is None or other is None else one | other
        case And(left=left, right=right):
            one, other = needed(left, key), needed(right, key)
            return other if one is None else one
        case Conditional():
            named = key_test(node)
            return _found(named.globs) if named is not None and named.key == key else None
        case Call(function=function, args=(Variable(name=name), among)) if name == key:
            return _compared(function, among)
        case Call(function="_==_", args=(among, Variable(name=name))) if name == key:
            return _compared("_==_", among)
        case _:
            return None


def _compared(function: str, among: Node) -> frozenset[str] | None:
    """What a text must be to be equal to, in, or beginning with the constant `among`."""
    match function, among:
        case ("_==_", Literal(value=str() as text)):
            return _exact((text,))
        case ("startsWith", Literal(value=str() as text)):
            found = _exact((text,))
            return None if found is None else frozenset({f"{text}*"}) if text else None
        case ("@in", Literal(value=tuple() | list() as texts)):
            return _exact(texts)
        case ("@in", MakeList(elements=elements)):
            values = [e.value for e in elements if isinstance(e, Literal)]
            return _exact(values) if len(values) == len(elements) else None
        case _:
            return None


def _exact(texts: Sequence[Any]) -> frozenset[str] | None:
    """`texts` as globs; None where one of them would not match itself alone."""
    return frozenset(texts) if all(isinstance(t, str) and is_exact(t) for t in texts) else None


def _found(globs: Sequence[str]) -> frozenset[str] | None:
    return frozenset(globs) if all(map(_is_found, globs)) else None


def _is_found(glob: str) -> bool:
    return is_exact(glob) or (glob.endswith("*") and len(glob) > 1 and is_exact(glob[:-1]))

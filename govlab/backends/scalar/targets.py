"""What a target asks of `tool` and `action`, and by which texts its policy is found."""

from __future__ import annotations

from typing import NamedTuple

from govlab.backends.scalar.globs import is_exact
from govlab.lang.nodes import And, Call, Conditional, Literal, Node, Or, Present, Variable
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


def needed(target: Node | None, key: str) -> frozenset[str] | None:
    """Globs of which the attribute `key` must match one, or the target is false; None: any text.

    Each is a text, or the start of one with `*` behind. Only where `key` is a text: absent,
    malformed and unknown are for the target itself to judge.
    """
    match target:
        case Or(left=left, right=right):
            one, other = needed(left, key), needed(right, key)
            return None if one is None or other is None else one | other
        case And(left=left, right=right):
            one, other = needed(left, key), needed(right, key)
            return other if one is None else one
        case Conditional():
            named = key_test(target)
            if named is None or named.key != key or not all(map(_is_found, named.globs)):
                return None
            return frozenset(named.globs)
        case _:
            return None


def _is_found(glob: str) -> bool:
    return is_exact(glob) or (glob.endswith("*") and len(glob) > 1 and is_exact(glob[:-1]))

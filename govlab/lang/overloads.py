"""Which overload a call means, what it gives, and how to put right a call that fits none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache, reduce

from govlab.lang import nodes, syntax
from govlab.lang.functions import OPERATORS, Overload, Style, join, unify
from govlab.types import DOUBLE, DYN, INT, NULL, STRING, UINT, Type

__all__ = ["cure", "joined", "resolve", "style_of", "written"]

_NUMBERS = frozenset({INT, UINT, DOUBLE})


def style_of(call: syntax.Call) -> Style:
    """Whether `call` is an operator, a function or a method."""
    if call.function in OPERATORS:
        return "operator"
    return "function" if call.target is None else "method"


def resolve(
    function: str, overloads: tuple[Overload, ...], args: tuple[nodes.Node, ...]
) -> tuple[Overload, Type] | None:
    """The first of `overloads` that takes `args`, and the result's type; None where none does."""
    return _resolved(overloads, _summands(args) if function == "_+_" else _types(args))


@lru_cache(1024)
def _resolved(
    overloads: tuple[Overload, ...], given: tuple[Type, ...]
) -> tuple[Overload, Type] | None:
    fitting = [(o, b) for o in overloads if (b := _fit(o, given)) is not None]
    if not fitting:
        return None
    overload, bound = fitting[0]
    return overload, _bind(overload.result, bound) if _agree(fitting) else DYN


def joined(parts: Sequence[nodes.Node]) -> Type:
    """The type that all `parts` have; `dyn` for none, or where they differ.

    An empty list or map takes the type of the others.
    """
    kinds = [p.type for p in parts]
    full = [p.type for p in parts if not _is_empty(p)] or kinds or [DYN]
    one = reduce(join, full)
    return one if all(kind.name == one.name for kind in kinds) else DYN


def _types(args: tuple[nodes.Node, ...]) -> tuple[Type, ...]:
    return tuple(a.type for a in args)


def _summands(args: tuple[nodes.Node, ...]) -> tuple[Type, ...]:
    """The types of what is added; an empty list takes the other list's."""
    kinds = _types(args)
    if any(map(_is_empty, args)) and {k.name for k in kinds} == {"list"}:
        return (joined(args),) * len(args)
    return kinds


def _is_empty(node: nodes.Node) -> bool:
    return isinstance(node, nodes.MakeList | nodes.MakeMap) and not nodes.children(node)


def _fit(overload: Overload, given: tuple[Type, ...]) -> dict[str, Type] | None:
    """The type variables that make `given` fit `overload`, or None."""
    bound: dict[str, Type] = {}
    wanted = overload.wanted(len(given))
    fits = len(given) == len(wanted) and all(
        unify(w, g, bound) for w, g in zip(wanted, given, strict=True)
    )
    return bound if fits else None


def _bind(kind: Type, bound: Mapping[str, Type]) -> Type:
    if kind.name in ("T", "K", "V", "N"):
        return bound.get(kind.name, DYN)
    return Type(kind.name, tuple(_bind(p, bound) for p in kind.params))


def _agree(fitting: list[tuple[Overload, dict[str, Type]]]) -> bool:
    """Whether all overloads that fit (several do where an argument is dyn) give one type."""
    return len({_bind(o.result, bound) for o, bound in fitting}) == 1


def written(style: Style, function: str, args: tuple[nodes.Node, ...]) -> str:
    """The call with types for arguments, as a person writes it."""
    kinds = [str(a.type) for a in args]
    if style == "operator" and len(kinds) == 2:
        left, right = kinds
        return f"{left}[{right}]" if function == "_[_]" else f"{left} {OPERATORS[function]} {right}"
    if style == "method":
        return f"{kinds[0]}.{function}({', '.join(kinds[1:])})"
    return f"{OPERATORS.get(function, function)}({', '.join(kinds)})"


def cure(function: str, overloads: tuple[Overload, ...], args: tuple[nodes.Node, ...]) -> str:
    """What would fit: another way to write a number, else what the function takes."""
    kinds = {a.type for a in args}
    if NULL in kinds:
        return "an attribute is never null: ask `has(event.name)`"
    compares = function.startswith("_") and function != "_[_]"
    if compares and len(kinds) == 2 and kinds < _NUMBERS:
        return _other_number(DOUBLE if DOUBLE in kinds else UINT, args)
    if compares and STRING in kinds and kinds & _NUMBERS:
        return "did you mean `double(...)` or quotes?"
    takes = " or ".join(
        dict.fromkeys(f"({', '.join(map(str, o.arguments))})" for o in overloads[:4])
    )
    return f"it takes {takes}"


def _other_number(want: Type, args: tuple[nodes.Node, ...]) -> str:
    """How to write the argument that is no `want` as one."""
    other = next(a for a in args if a.type != want)
    if isinstance(other, nodes.Literal) and (want == DOUBLE or other.value >= 0):
        return f"write `{other.value}{'.0' if want == DOUBLE else 'u'}`"
    return f"did you mean `{want}(...)` round the {other.type}?"

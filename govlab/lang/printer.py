"""The printer: `Syntax` -> its one canonical text, which digests are made of.

Nothing here may depend on the Python version (its Unicode tables do), or digests would.
"""

from __future__ import annotations

import re
from typing import Final

from govlab.lang.syntax import (
    Call,
    Ident,
    ListDisplay,
    Literal,
    Macro,
    MapDisplay,
    Select,
    Syntax,
)

__all__ = ["same", "show"]

_TERNARY, _OR, _AND, _UNARY, _MEMBER, _PRIMARY = 0, 1, 2, 6, 7, 8
_CHAINS = {"_||_": ("||", _OR), "_&&_": ("&&", _AND)}
_BINARY = {
    **{f"_{sign}_": (sign, 3) for sign in ("==", "!=", "<", "<=", ">", ">=")},
    "@in": ("in", 3),
    **{f"_{sign}_": (sign, 4) for sign in "+-"},
    **{f"_{sign}_": (sign, 5) for sign in "*/%"},
}
_SIGNS = {"!_": "!", "-_": "-"}
_FIELD = re.compile(r"(?!(?:true|false|null|in)\Z)[_a-zA-Z][_a-zA-Z0-9]*")

_SHORT: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
# Controls, invisible and direction marks, spaces other than the common one, variation selectors,
# private use and non-characters: a reader must see what a rule compares with.
_HIDDEN = re.compile(
    r'["\\\x00-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f'
    r"\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ud800-\uf8ff\ufdd0-\ufdef"
    r"\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U0001d173-\U0001d17a\U000e0000-\U0010ffff"
    + "".join(
        f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0xE0000, 0x10000)
    )
    + "]"
)


def show(node: Syntax) -> str:
    """The canonical text of `node`: fewest brackets, one spelling, `parse(show(node))` is `node`.

    >>> from govlab.lang.parser import parse
    >>> show(parse("(( 'a' in b )&&(c||d))  // why"))
    '"a" in b && (c || d)'
    """
    return _shown(node)[0]


def same(one: Syntax, other: Syntax) -> bool:
    """Whether two trees are equal in all but their spans.

    >>> from govlab.lang.parser import parse
    >>> same(parse("a+b"), parse(" a + (b) "))
    True
    """
    return _shape(one) == _shape(other)


def _shown(node: Syntax) -> tuple[str, int]:
    """The text of `node` and how tightly it holds together."""
    match node:
        case Literal():
            return _literal(node)
        case Ident(name=name, absolute=absolute):
            return f".{name}" if absolute else name, _PRIMARY
        case Select(operand=operand, field=field, test=test):
            text = f"{_held(operand, _MEMBER)}.{_field(field)}"
            return f"has({text})" if test else text, _MEMBER
        case Call():
            return _call(node)
        case ListDisplay(elements=elements):
            return f"[{_listed(elements)}]", _PRIMARY
        case MapDisplay(entries=entries):
            pairs = [f"{_shown(key)[0]}: {_shown(value)[0]}" for key, value in entries]
            return f"{{{', '.join(pairs)}}}", _PRIMARY
        case Macro(range=over, kind=kind, variable=variable, condition=condition, body=body):
            parts = (body,) if condition is None else (condition, body)
            return f"{_held(over, _MEMBER)}.{kind}({variable}, {_listed(parts)})", _MEMBER


def _call(node: Call) -> tuple[str, int]:
    match node:
        case Call(function=name, target=None, args=(first,)) if name in _SIGNS:
            return _signed(name, first), _UNARY
        case Call(function=name, target=None, args=(_, _)) if name in _CHAINS:
            sign, level = _CHAINS[name]
            terms = [_held(term, level + 1) for term in _terms(name, node)]
            return f" {sign} ".join(terms), level
        case Call(function=name, target=None, args=(left, right)) if name in _BINARY:
            sign, level = _BINARY[name]
            return f"{_held(left, level)} {sign} {_held(right, level + 1)}", level
        case Call(function="_[_]", target=None, args=(operand, index)):
            return f"{_held(operand, _MEMBER)}[{_shown(index)[0]}]", _MEMBER
        case Call(function="_?_:_", target=None, args=(condition, then, otherwise)):
            head = f"{_held(condition, _OR)} ? {_held(then, _OR)}"
            return f"{head} : {_held(otherwise, _TERNARY)}", _TERNARY
        case Call(function=name, target=target, args=args):
            receiver = "" if target is None else f"{_held(target, _MEMBER)}."
            return f"{receiver}{name}({_listed(args)})", _MEMBER


def _held(node: Syntax, level: int) -> str:
    """The text of `node`, in brackets where it holds less tightly than `level`."""
    text, own = _shown(node)
    return text if own >= level else f"({text})"


def _listed(nodes: tuple[Syntax, ...]) -> str:
    return ", ".join([_shown(node)[0] for node in nodes])


def _signed(function: str, operand: Syntax) -> str:
    """`!a`, `!!a`, `-a`; a number is bracketed, for a `-` right before it would be its own."""
    sign = _SIGNS[function]
    match operand:
        case Call(function=inner) if inner == function:
            return sign + _shown(operand)[0]
        case _:
            text = _held(operand, _MEMBER)
            return f"{sign}({text})" if sign == "-" and text[0].isdigit() else sign + text


def _terms(function: str, node: Syntax) -> list[Syntax]:
    """The operands of a chain of `&&` or `||`, whichever way it is bracketed."""
    found: list[Syntax] = []
    waiting = [node]
    while waiting:
        match waiting.pop():
            case Call(function=inner, target=None, args=(left, right)) if inner == function:
                waiting += [right, left]
            case term:
                found.append(term)
    return found


def _field(name: str) -> str:
    return name if _FIELD.fullmatch(name) else f"`{name}`"


def _literal(node: Literal) -> tuple[str, int]:
    match node.value:
        case None:
            return "null", _PRIMARY
        case bool(value):
            return "true" if value else "false", _PRIMARY
        case str(value):
            return f'"{_HIDDEN.sub(lambda found: _escaped(found.group()), value)}"', _PRIMARY
        case bytes(value):
            return f'b"{"".join([_octet(octet) for octet in value])}"', _PRIMARY
        case int(value) | float(value):
            text = f"{value}u" if node.kind == "uint" else repr(value)
            return text, _UNARY if text.startswith("-") else _PRIMARY


def _escaped(character: str) -> str:
    code = ord(character)
    long = f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
    return _SHORT.get(character, long)


def _octet(octet: int) -> str:
    character = chr(octet)
    plain = character if 0x20 <= octet < 0x7F else f"\\x{octet:02x}"
    return _SHORT.get(character, plain)


_Shape = tuple[object, ...]


def _shape(node: Syntax) -> _Shape:
    """What `node` is, without spans; numbers as text, since `0.0 == -0.0` and `1 == True`."""
    match node:
        case Literal(kind=kind, value=value):
            return (kind, repr(value))
        case Ident(name=name, absolute=absolute):
            return ("name", name, absolute)
        case Select(operand=operand, field=field, test=test):
            return ("field", _shape(operand), field, test)
        case Call(function=function, target=target, args=args):
            receiver = None if target is None else _shape(target)
            return ("call", function, receiver, *[_shape(arg) for arg in args])
        case ListDisplay(elements=elements):
            return ("list", *[_shape(element) for element in elements])
        case MapDisplay(entries=entries):
            return ("map", *[(_shape(key), _shape(value)) for key, value in entries])
        case Macro(kind=kind, range=over, variable=variable, condition=condition, body=body):
            guard = None if condition is None else _shape(condition)
            return ("macro", kind, _shape(over), variable, guard, _shape(body))

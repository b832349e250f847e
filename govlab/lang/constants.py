"""Constants: the values that number, string and bytes tokens stand for.

The source is google/cel-spec doc/langdef.md, "Numeric Values" and "String and Bytes Values".
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from govlab.lang.lexer import SyntaxProblem, Token
from govlab.lang.syntax import Literal, Span

__all__ = ["negative_number", "written_literal"]

_INT_MAX = 2**63 - 1
_UINT_MAX = 2**64 - 1

# What does not stand for itself: escapes, and line ends, which all read as a line feed.
_SPECIAL = re.compile(
    r"""\\(?: (?P<octal>[0-3][0-7]{2}) | [xX](?P<octet>[0-9a-fA-F]{2})
            | u(?P<short>[0-9a-fA-F]{4}) | U(?P<long>[0-9a-fA-F]{8}) | (?P<single>.) )
      | (?P<line>\r\n?)""",
    re.VERBOSE | re.DOTALL,
)
_LINE_END = re.compile("\r\n?")
_SINGLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_SINGLE |= {mark: mark for mark in "\\?\"'`"}


def written_literal(token: Token) -> Literal:
    """The literal that a token of a number, string or bytes stands for.

    Raises `SyntaxProblem` for a number out of range and for a wrong escape.

    >>> written_literal(Token("uint", "0x1Fu", Span(0, 5))).value
    31
    """
    match token.kind:
        case "int":
            return Literal(token.span, "int", _integer(token, token.text, _INT_MAX))
        case "uint":
            return Literal(token.span, "uint", _integer(token, token.text[:-1], _UINT_MAX))
        case "double":
            return Literal(token.span, "double", _double(token))
        case "string":
            return Literal(token.span, "string", _decoded(token, _character).decode())
        case "bytes":
            return Literal(token.span, "bytes", _decoded(token, _octets))
        case "name" | "escaped" | "operator" | "end":
            raise ValueError(f"`{token.text}` is not a literal")


def negative_number(sign: Token, token: Token) -> Literal:
    """The literal written as `-` and an int or double; -9223372036854775808 is in range.

    Raises `SyntaxProblem` for a number out of range.
    """
    span = Span(sign.span.start, token.span.end)
    if token.kind == "double":
        return Literal(span, "double", -_double(token))
    return Literal(span, "int", -_integer(token, token.text, _INT_MAX + 1))


def _integer(token: Token, digits: str, largest: int) -> int:
    base = 16 if digits.startswith("0x") else 10
    significant = digits.removeprefix("0x").lstrip("0") or "0"
    # Python refuses to read decimal texts of thousands of digits: look at the length first.
    value = int(significant, base) if len(significant) <= 20 else largest + 1
    if value > largest:
        message = f"`{digits[:24]}` is out of the range of {token.kind}"
        raise SyntaxProblem(message, token.span, f"the largest is {largest}")
    return value


def _double(token: Token) -> float:
    value = float(token.text)
    if math.isinf(value):
        message = f"`{token.text[:24]}` is out of the range of double"
        raise SyntaxProblem(message, token.span, "the largest is 1.7976931348623157e+308")
    return value


def _decoded(token: Token, octets: Callable[[re.Match[str], Span], bytes]) -> bytes:
    """The UTF-8 of what stands between the quotes, with `octets` for each escape."""
    body, begin, raw = _body(token)
    if raw:
        return _LINE_END.sub("\n", body).encode()
    parts, at = [], 0
    for found in _SPECIAL.finditer(body):
        start = token.span.start + begin + found.start()
        place = Span(start, start + len(found.group()))
        parts += [body[at : found.start()].encode(), octets(found, place)]
        at = found.end()
    return b"".join([*parts, body[at:].encode()])


def _body(token: Token) -> tuple[str, int, bool]:
    """What stands between the quotes, where in the token it begins, and whether it is raw."""
    prefix = len(token.text) - len(token.text.lstrip("bBrR"))
    quotes = token.text[prefix : prefix + 3]
    # The six quotes of an empty triple-quoted string; `''` is the empty string of single ones.
    triple = quotes in ("'''", '"""')
    begin = prefix + (3 if triple else 1)
    return token.text[begin : prefix - begin], begin, "r" in token.text[:prefix].lower()


def _character(found: re.Match[str], place: Span) -> bytes:
    """An escape in a string: a code point, whichever way it is written."""
    match found.lastgroup:
        case "line":
            return b"\n"
        case "single":
            return _single(found, place)
        case "octal":
            return chr(int(found["octal"], 8)).encode()
        case _:
            return _code_point(found.group(), place)


def _octets(found: re.Match[str], place: Span) -> bytes:
    """An escape in bytes: an octet, never a code point."""
    match found.lastgroup:
        case "octal":
            return bytes([int(found["octal"], 8)])
        case "octet":
            return bytes([int(found["octet"], 16)])
        case "short" | "long":
            message = f"`{found.group()}` is a code point, which bytes do not have"
            raise SyntaxProblem(message, place, "write its octets, such as `\\xC3\\xA9`")
        case _:
            return _character(found, place)


def _single(found: re.Match[str], place: Span) -> bytes:
    character = _SINGLE.get(found["single"])
    if character is not None:
        return character.encode()
    if found["single"] in "xXuU0123":
        raise SyntaxProblem(f"the escape `{found.group()}` lacks digits", place)
    hint = r"write `\\` for a backslash, or a raw string `r'...'`"
    raise SyntaxProblem(f"`{found.group()}` is not an escape", place, hint)


def _code_point(escape: str, place: Span) -> bytes:
    code = int(escape[len("\\u") :], 16)
    if code > 0x10FFFF:
        message = f"`{escape}` is beyond the last code point"
        raise SyntaxProblem(message, place, r"the last is `\U0010FFFF`")
    if 0xD800 <= code <= 0xDFFF:
        hint = r"write the character itself, or `\U` and eight digits"
        raise SyntaxProblem(f"`{escape}` is a surrogate, not a character", place, hint)
    return chr(code).encode()

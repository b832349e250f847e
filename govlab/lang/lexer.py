"""Tokens: the words of a condition, in the lexis of google/cel-spec doc/langdef.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple, cast

from govlab.errors import GovlabError
from govlab.lang.syntax import Span

__all__ = ["MAX_SOURCE", "SyntaxProblem", "Token", "TokenKind", "tokens"]

MAX_SOURCE = 100_000  # characters

TokenKind = Literal[
    "int", "uint", "double", "string", "bytes", "name", "escaped", "operator", "end"
]


class SyntaxProblem(GovlabError):  # noqa: N818 - a finding with a place, as `Problem`, `Diagnostic`
    """A condition that is not CEL: what is wrong, where in its text, and how to put it right.

    >>> str(SyntaxProblem("expected an operand after `&&`", Span(5, 5)))
    'expected an operand after `&&`'
    """

    exit_code = 2

    def __init__(self, message: str, span: Span, hint: str = "") -> None:
        super().__init__(f"{message}; {hint}" if hint else message)
        self.message = message
        self.span = span
        self.hint = hint


class Token(NamedTuple):  # a data class takes thrice as long to make
    """One word of the source, as written; the last of a text is `end`, empty."""

    kind: TokenKind
    text: str
    span: Span


# A raw string has no escapes, so its first quote ends it. Triple quotes stand before single ones:
# the longest word wins.
_STRING = r"""
    [rR](?: '''(?s:.*?)''' | \"\"\"(?s:.*?)\"\"\" | '[^'\r\n]*' | "[^"\r\n]*" )
  | '''(?: \\(?s:.) | [^\\] )*?'''
  | \"\"\"(?: \\(?s:.) | [^\\] )*?\"\"\"
  | '(?: \\[^\r\n] | [^'\\\r\n] )*'
  | "(?: \\[^\r\n] | [^"\\\r\n] )*"
"""

_WORD = re.compile(
    rf"""
    [\t\n\f\r\ ]*(?:
    (?P<comment>  //[^\n]* )
  | (?P<double>   [0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)? | [0-9]+[eE][+-]?[0-9]+ )
  | (?P<uint>     (?:0x[0-9a-fA-F]+|[0-9]+)[uU] )
  | (?P<int>      0x[0-9a-fA-F]+ | [0-9]+ )
  | (?P<bytes>    [bB](?:{_STRING}) )
  | (?P<string>   {_STRING} )
  | (?P<name>     [_a-zA-Z][_a-zA-Z0-9]* )
  | (?P<escaped>  `[_a-zA-Z0-9./\ -]+` )
  | (?P<operator> && | \|\| | [=!<>]= | [-+*/%<>!?:.,()\[\]{{}}] )
  | (?P<end>      \Z ) )
    """,
    re.VERBOSE,
)

_HINTS = {
    "=": "write `==` to compare",
    "&": "write `&&`",
    "|": "write `||`",
    ";": "a condition is one expression",
    "#": "a comment begins with `//`",
    "`": "a name in backticks holds letters, digits, `_`, `.`, `-`, `/` and spaces",
    "“": "use straight quotes",
    "”": "use straight quotes",
    "‘": "use straight quotes",
    "’": "use straight quotes",
    "\u00a0": "replace the no-break space by a space",
}

_SPACE = "\t\n\f\r "
_SURROGATE = re.compile("[\ud800-\udfff]")


def tokens(text: str) -> Iterator[Token]:
    """The tokens of `text` in order, closed by one of kind `end`.

    Raises `SyntaxProblem` at the first character that begins no token.

    >>> [token.text for token in tokens("a && b // both")]
    ['a', '&&', 'b', '']
    """
    _check_source(text)
    at, kind = 0, None
    while kind != "end":
        found = _WORD.match(text, at)
        if found is None:
            raise _unexpected(text, len(text) - len(text[at:].lstrip(_SPACE)))
        at, kind = found.end(), found.lastgroup
        if kind == "comment":
            _check_comment(found)
        elif kind is not None:
            yield Token(cast("TokenKind", kind), found[kind], Span(*found.span(kind)))


def _check_source(text: str) -> None:
    if len(text) > MAX_SOURCE:
        message = f"the condition has {len(text):,} characters, more than {MAX_SOURCE:,}"
        raise SyntaxProblem(message, Span(MAX_SOURCE, len(text)))
    if found := _SURROGATE.search(text):
        message = f"`U+{ord(found.group()):04X}` is half of a character (a lone surrogate)"
        raise SyntaxProblem(message, Span(*found.span()))


def _check_comment(found: re.Match[str]) -> None:
    """Refuse a carriage return inside a comment: engines disagree on whether it ends there."""
    inside = found["comment"].removesuffix("\r").find("\r")
    if inside >= 0:
        at = found.start("comment") + inside
        hint = "end the line with a line feed"
        raise SyntaxProblem("a carriage return inside a comment", Span(at, at + 1), hint)


def _unexpected(text: str, at: int) -> SyntaxProblem:
    """Why no token begins at `at`."""
    char = text[at]
    if char in "'\"":
        hint = "close it with the quote it opens with; only triple quotes span lines"
        line_end = text.find("\n", at)
        return SyntaxProblem(
            "unterminated string", Span(at, line_end if line_end > 0 else len(text)), hint
        )
    shown = f"`{char}`" if char.isprintable() else f"`U+{ord(char):04X}`"
    return SyntaxProblem(f"unexpected character {shown}", Span(at, at + 1), _HINTS.get(char, ""))

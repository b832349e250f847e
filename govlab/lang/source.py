"""A text being read: the token ahead, the one before, and how many brackets are open."""

from __future__ import annotations

from govlab.lang.lexer import SyntaxProblem, Token, tokens
from govlab.lang.syntax import Span

__all__ = ["MAX_NESTING", "Source"]

MAX_NESTING = 64  # brackets inside brackets

_HINTS = {
    "and": "write `&&`",
    "or": "write `||`",
    "not": "write `!(...)`",
    "is": "write `==`",
    "?": "put brackets around the inner `? :`",
}


class Source:
    """A text being read: the token ahead, the one before, and how many brackets are open."""

    __slots__ = ("_tokens", "before", "nesting", "token")

    def __init__(self, text: str) -> None:
        self._tokens = tokens(text)
        self.before = Token("end", "", Span(0, 0))
        self.token = next(self._tokens)
        self.nesting = 0

    def advance(self) -> Token:
        self.before = self.token
        self.token = next(self._tokens)
        return self.before

    def at(self, *operators: str) -> bool:
        return self.token.kind == "operator" and self.token.text in operators

    def take(self, operator: str) -> Token | None:
        return self.advance() if self.at(operator) else None

    def expect(self, operator: str) -> Token:
        if not self.at(operator):
            raise self.unexpected(f"`{operator}`")
        return self.advance()

    def since(self, start: int) -> Span:
        return Span(start, self.before.span.end)

    def unexpected(self, wanted: str) -> SyntaxProblem:
        """What was wanted, after what, and what stands there instead."""
        place = f"after {_quoted(self.before.text)}" if self.before.text else "at the start"
        if self.token.kind == "end":
            return SyntaxProblem(f"expected {wanted} {place}", self.token.span)
        message = f"expected {wanted} {place}, not {_quoted(self.token.text)}"
        return SyntaxProblem(message, self.token.span, _HINTS.get(self.token.text, ""))

    def open(self, opening: Token) -> None:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            message = f"nested more than {MAX_NESTING} brackets deep"
            raise SyntaxProblem(message, opening.span, "split the condition into several rules")

    def close(self, opening: Token, closing: str, wanted: str) -> None:
        if self.token.kind == "end":
            raise SyntaxProblem(f"`{opening.text}` is never closed", opening.span)
        if not self.take(closing):
            raise self.unexpected(wanted)
        self.nesting -= 1

    def refuse_optional(self, mark: str) -> None:
        if self.at(mark):
            hint = "write `has(a.b) ? a.b : ...`"
            raise SyntaxProblem("optional syntax is not supported", self.token.span, hint)


def _quoted(text: str) -> str:
    """A word of the source for a message: cut, printable, in backticks."""
    text = text if len(text) <= 24 else f"{text[:20]}..."
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return f"`` {text} ``" if "`" in text else f"`{text}`"

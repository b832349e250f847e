"""Cures for misspelt words, and the user's words as messages show them."""

from __future__ import annotations

from collections.abc import Iterable

from govlab import errors

__all__ = ["did_you_mean", "quoted"]

_LONGEST = 60  # difflib is quadratic in the word, and nobody misspells more than this


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """The candidate nearest to `word` as a question, or nothing where none is near.

    >>> did_you_mean("deny", ["ALLOW", "DENY"]), did_you_mean("zebra", ["ALLOW", "DENY"])
    ('did you mean `DENY`?', '')
    """
    if len(word) > _LONGEST:
        return ""
    spellings = {candidate.casefold(): candidate for candidate in sorted(candidates)}
    same = spellings.get(word.casefold())
    return f"did you mean `{same}`?" if same else errors.did_you_mean(word, spellings.values())


def quoted(text: str) -> str:
    """`text` between backticks on one line: cut to 60 characters, controls shown as escapes.

    >>> quoted("a\\nb")
    '`a\\\\nb`'
    """
    cut = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)
    return f"`{shown}`"

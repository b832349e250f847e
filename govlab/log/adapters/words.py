"""What the adapters of decision logs share: the source's word, and what no column holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from govlab.log.decisions import recorded
from govlab.log.records import WORD

__all__ = ["SOURCE_WORD", "extra", "limited", "stripped", "verdict"]

_NOTHING: tuple[Any, ...] = (None, "", [], {})
_quoted = json.encoder.encode_basestring  # what `json.dumps` writes of a string, without the rest

SOURCE_WORD: Final = "decision (source)"
"""The key in `extra` of a word that no table maps."""


def verdict(word: Any, own: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The columns that a source's `word` fills, and what of it goes to `extra` (S15).

    >>> verdict("blocked", {}), verdict("perhaps", {})
    (({'decision': 'DENY'}, {}), ({'source_word': 'perhaps'}, {'decision (source)': 'perhaps'}))
    """
    if word is None:
        return {}, {}
    found = recorded(word, own) if isinstance(word, str) else None
    if found is None:
        return {WORD: " ".join(str(word).split())}, {SOURCE_WORD: word}
    said = {"decision": found.decision}
    return (said | {"reason": found.reason} if found.reason else said), {}


def limited(decided: Mapping[str, Any], limits: Any) -> dict[str, Any]:
    """`decided` with the limits that came with it: allowed within limits is a decision (S15).

    >>> limited({"decision": "ALLOW"}, {"rows": 5})
    {'decision': 'ALLOW_WITH_CONSTRAINTS', 'constraints': '{"rows": 5}'}
    """
    if not limits or not isinstance(limits, dict | list):
        return dict(decided)
    allowed = decided.get("decision") == "ALLOW"
    within = {"decision": "ALLOW_WITH_CONSTRAINTS"} if allowed else {}
    return {**decided, **within, "constraints": json.dumps(limits, ensure_ascii=False)}


def extra(notes: Mapping[str, Any]) -> str | None:
    """`notes` as JSON without the absent ones; None where nothing is left."""
    parts = []
    for name, value in notes.items():
        if type(value) is str:
            if value:
                parts.append(_name(name) + _quoted(value))
        elif value or value not in _NOTHING:
            return _dumped(notes)
    return "{" + ", ".join(parts) + "}" if parts else None


def _dumped(notes: Mapping[str, Any]) -> str:
    known = {name: value for name, value in notes.items() if value or value not in _NOTHING}
    return json.dumps(known, ensure_ascii=False)


@lru_cache(maxsize=256)
def _name(name: str) -> str:
    return f"{_quoted(name)}: "


def stripped(digest: Any) -> str | None:
    """A digest without the name of its algorithm, where that is SHA-256; None for any other.

    >>> stripped("sha256:" + "ab" * 32) == "ab" * 32
    True
    """
    text = digest.removeprefix("sha256:").lower() if isinstance(digest, str) else ""
    return text if len(text) == 64 and set(text) <= set("0123456789abcdef") else None

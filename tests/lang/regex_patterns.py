"""Generated patterns and texts, and RE2 as the oracle for them."""

from __future__ import annotations

import re2
from hypothesis import strategies as st

__all__ = ["grammar", "re2_accepts", "re2_search", "soup", "texts"]

_QUIET = re2.Options()
_QUIET.log_errors = False

_LETTERS = "aAbBkKsSzZ019_-. /\n\r\t\v\0éÉßẞſ\u212aσςİıǅ٣語😀\u1fd3\u0390\ufffd\x7f\x80\ud7ff\ue000"
_ESCAPES = [
    *(f"\\{letter}" for letter in "dDsSwWafnrtv._-/\\*+?|()[]{}^$"),
    *("\\x41", "\\x{e9}", "\\x{1F600}", "\\x{D800}", "\\0", "\\101", "\\777", "\\Qa.b\\E"),
    *("\\pL", "\\PL", "\\p{Lu}", "\\P{^Ll}", "\\pN", "\\p{Any}", "\\pZ", "\\pM"),
]
_POSIX = ["[:alpha:]", "[:^alpha:]", "[:space:]", "[:word:]", "[:^digit:]", "[:punct:]"]
_ANCHORS = ["^", "$", "\\A", "\\z", "\\b", "\\B"]
_SIGNS = ["*", "+", "?", "*?", "+?", "??", "{0}", "{1}", "{2}", "{0,1}", "{1,3}", "{2,}?", "{0,}"]
_FLAGS = ["(?i)", "(?m)", "(?s)", "(?-i)", "(?i-s)", "(?U)"]
_OPENINGS = ["(", "(?:", "(?i:", "(?m:", "(?s-i:", "(?P<n>", "(?ims:"]
_PIECES = [
    *"ab1é{}[]()|*+?^$.\\-:,",
    *(
        "{2}",
        "{0,3}",
        "{1000}",
        "{1001}",
        "{2,1}",
        "{,1}",
        "(?",
        "(?:",
        "(?i",
        "(?P<",
        "\\p",
        "\\Q",
    ),
    *(
        "\\E",
        "\\x",
        "\\x{",
        "\\C",
        "[:alpha:]",
        "[^",
        "[]",
        "\\1",
        "\\08",
        "\\Z",
        "\\b",
        "a-z",
        "i)",
    ),
]


def _quoted(char: str) -> str:
    return f"\\{char}" if char in "\\.+*?()|[]{}^$" else char


_literals = st.sampled_from(_LETTERS).map(_quoted)
_class_characters = st.sampled_from(_LETTERS).map(
    lambda char: f"\\{char}" if char in "-^" else char
)
_class_ranges = st.tuples(_class_characters, _class_characters).map(
    lambda ends: f"{min(ends)}-{max(ends)}"
)
_class_items = st.one_of(
    _class_characters, _class_ranges, st.sampled_from([*_POSIX, *_ESCAPES[:6], "\\pL", "\\PN"])
)
_classes = st.tuples(
    st.sampled_from(["[", "[^"]), st.lists(_class_items, min_size=1, max_size=3)
).map(lambda parts: f"{parts[0]}{''.join(parts[1])}]")
_atoms = st.one_of(
    _literals,
    _literals,
    st.just("."),
    _classes,
    st.sampled_from(_ESCAPES),
    st.sampled_from(_ANCHORS),
    st.sampled_from(_FLAGS),
)


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, st.sampled_from(_SIGNS)).map("".join),
        st.lists(inner, min_size=2, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map("|".join),
        st.tuples(st.sampled_from(_OPENINGS), inner).map(lambda parts: f"{''.join(parts)})"),
    )


grammar = st.recursive(_atoms, _larger, max_leaves=12)
soup = st.lists(st.sampled_from(_PIECES), max_size=9).map("".join)
texts = st.text(st.sampled_from(_LETTERS), max_size=12)


def re2_accepts(pattern: str) -> bool:
    """Whether RE2 compiles the pattern."""
    try:
        re2.compile(pattern, _QUIET)
    except re2.error:
        return False
    return True


def re2_search(pattern: str, text: str) -> bool:
    """RE2's verdict of a partial search."""
    return re2.compile(pattern, _QUIET).search(text) is not None

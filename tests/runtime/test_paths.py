"""Paths against `posixpath`, globs against regular expressions."""

from __future__ import annotations

import posixpath
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from govlab.runtime.paths import clean_path, path_in, read_path_pattern
from govlab.runtime.values import CelError
from tests.work import steps

SEGMENTS = st.sampled_from(["a", "b", "ab", ".", "..", "", "...", ".a", "a.b", "é", "*", "?", "\n"])
PATHS = st.lists(SEGMENTS, min_size=1, max_size=7).map("/".join).filter(bool)
GLOBS = st.lists(
    st.sampled_from(["a", "b", "*", "**", "?", "a*", "*b", ".a", "?b"]), min_size=1, max_size=5
)


@given(PATHS)
@example("//a")
@example("///")
def test_cleaning_is_that_of_posixpath(path):
    wanted = posixpath.normpath(path)
    assert clean_path(path) == ("/" + wanted.lstrip("/") if wanted.startswith("/") else wanted)
    assert clean_path(clean_path(path)) == clean_path(path)


def expression(pattern: str) -> re.Pattern[str]:
    """The glob as a regular expression, made in another way than the matcher's."""
    letters = {"*": "[^/]*", "?": "[^/]"}
    parts: list[str] = []
    segments = pattern.split("/")
    for at, segment in enumerate(segments):
        last = at == len(segments) - 1
        if segment == "**":
            absolute = "/?" if at == 0 else ""  # a leading `**` takes the root too
            parts.append(absolute + (r"(?:[^/]+/)*[^/]+" if last else r"(?:[^/]+/)*"))
        else:
            body = "".join(letters.get(char, re.escape(char)) for char in segment)
            guard = "(?=[^/]|\\Z)" if segment else ""  # the root is an empty segment before `/`
            parts.append(guard + body + ("" if last else "/"))
    return re.compile("".join(parts), re.DOTALL)


@given(PATHS, GLOBS, st.booleans())
def test_globs_are_those_of_regular_expressions(path, segments, absolute):
    pattern = ("/" if absolute else "") + "/".join(segments)
    cleaned = clean_path(path)
    if cleaned.split("/")[0] == "..":
        with pytest.raises(CelError):
            path_in(path, [pattern])
        return
    wanted = cleaned not in ("/", ".") and expression(pattern).fullmatch(cleaned) is not None
    assert path_in(path, [pattern]) is wanted, (cleaned, pattern)


@given(PATHS, GLOBS)
def test_what_is_inside_a_folder_never_climbs_out(path, segments):
    folder = "/srv/" + "/".join(s.replace("*", "x").replace("?", "y") for s in segments)
    inside = path_in(f"{folder}/{path}", [f"{folder}/**"])
    resolved = posixpath.normpath(f"{folder}/{path}")
    assert inside is resolved.startswith(folder + "/")


@given(st.text(max_size=20))
def test_any_text_is_a_path_or_an_error(text):
    try:
        cleaned = clean_path(text)
    except CelError:
        assert not text or set("\0\\") & set(text) or "://" in text or text.startswith("~")
        return
    assert not {"", "."} & set(cleaned.split("/")[1:]) or cleaned == "/"


@pytest.mark.parametrize(
    "pattern", ["", "/a/", "a//b", "./a", "a/..", "a**", "**a/b", "a\\b", "a\0"]
)
def test_globs_that_no_path_matches_are_errors(pattern):
    with pytest.raises(CelError):
        read_path_pattern(pattern)


def test_many_stars_take_no_exponential_time():
    segments = "/" + "a/" * 200 + "b", "/" + "**/a/" * 40 + "c"
    letters = "/" + "a" * 2000, "/" + "*a" * 60 + "b"
    for path, pattern in (segments, letters):
        assert steps(lambda p=path, g=pattern: path_in(p, [g])) < 20 * len(path) * len(pattern)
        assert not path_in(path, [pattern])

"""File paths, cleaned as text, and globs of them.

Only the text is looked at: not links, not the current directory, not whether the file system
ignores letter case. What the text leaves open is an error: NUL, a backslash (a separator on
Windows, a letter elsewhere), a URL, and for globs a relative path that climbs out of where it
starts. Standard library only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from govlab.runtime.globs import matches
from govlab.runtime.signatures import takes
from govlab.runtime.values import CelError, kind

__all__ = ["PATH_CALLS", "clean_path", "path_in", "read_path_pattern"]

_Segments = tuple[str, ...]


def clean_path(path: str) -> str:
    """`path` without `.`, `..` and doubled slashes; raises CelError where it is no path.

    >>> clean_path("/srv/./a/../../etc//passwd"), clean_path("a/../..")
    ('/etc/passwd', '..')
    """
    segments = _clean_segments(path)
    return "/" if segments == ("",) else "/".join(segments) or "."


def _clean_segments(path: str) -> _Segments:
    """The segments; the first is empty where the path is absolute."""
    _refuse_ambiguous(path)
    kept: list[str] = [""] if path.startswith("/") else []
    for segment in path.split("/"):
        if segment != "..":
            kept += [segment] if segment not in ("", ".") else []
        elif kept and kept[-1] not in ("", ".."):
            _refuse_home(kept)
            kept.pop()
        elif kept != [""]:  # nothing is above the root
            kept.append("..")
    return tuple(kept)


def _refuse_ambiguous(path: str) -> None:
    if not path or "\0" in path or "\\" in path or "://" in path:
        raise CelError(f"not a path with `/` between its parts: `{path[:60]}`")


def _refuse_home(kept: Sequence[str]) -> None:
    if len(kept) == 1 and kept[0].startswith("~"):
        raise CelError("a path that climbs out of a home directory")


def path_in(path: str, patterns: Iterable[str]) -> bool:
    """Whether `path`, cleaned, is an instance of one of `patterns`, which all must be globs.

    `*` is any run of characters within a segment, `?` one character; `**` is any number of
    segments, at the end at least one: `/srv/**` is what is inside `/srv`. Raises CelError for a
    path that climbs out of where it starts.

    >>> path_in("/srv/../etc/passwd", ["/srv/**"]), path_in("/srv/a/b", ["/srv/**"])
    (False, True)
    """
    segments = _clean_segments(path)
    wanted = [read_path_pattern(pattern) for pattern in patterns]
    if segments[:1] == ("..",):
        raise CelError(f"a path that climbs out of where it starts: `{path[:60]}`")
    return any(_is_instance(segments, pattern) for pattern in wanted)


@lru_cache(maxsize=1024)
def read_path_pattern(pattern: str) -> _Segments:
    """The segments of a glob; raises CelError where no clean path could match it."""
    _refuse_ambiguous(pattern)
    segments = ("",) if pattern == "/" else tuple(pattern.split("/"))
    if {".", ".."} & set(segments) or "" in segments[1:]:
        raise CelError(f"no path is like this once cleaned: `{pattern[:60]}`")
    if any("**" in segment and segment != "**" for segment in segments):
        raise CelError(f"`**` stands for whole segments: `{pattern[:60]}`")
    return (*segments, "*") if segments[-1] == "**" else segments


def _is_instance(path: _Segments, pattern: _Segments) -> bool:
    """As `globs.matches`, over segments: the last `**` takes one segment more until it fits."""
    at, place, star, mark = 0, 0, -1, 0
    while at < len(path):
        if place < len(pattern) and pattern[place] == "**":
            star, mark, place = place, at, place + 1
        elif place < len(pattern) and _is_segment(path[at], pattern[place]):
            at, place = at + 1, place + 1
        elif star >= 0:
            mark, at, place = mark + 1, mark + 1, star + 1
        else:
            return False
    return all(segment == "**" for segment in pattern[place:])


def _is_segment(segment: str, pattern: str) -> bool:
    """Whether the glob matches; the root, an empty segment, is like nothing else."""
    return matches(segment, pattern) if segment and pattern else segment == pattern


def _path_in(path: str, patterns: Iterable[Any]) -> bool:
    if any(kind(pattern) != "string" for pattern in patterns):
        raise CelError("`pathIn` takes a list of strings")
    return path_in(path, patterns)


PATH_CALLS: dict[str, Callable[..., Any]] = {
    "path.clean": takes("path.clean", clean_path, "string"),
    "pathIn": takes("pathIn", _path_in, "string list"),
}

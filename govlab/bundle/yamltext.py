"""YAML text to trees: YAML 1.2 core values, bounded, every problem with its place.

PyYAML's scanner and parser make the events; values and trees are made here, because its own
constructor reads `on` as true, keeps the last of duplicate keys and expands aliases without
end. The walk over the events is iterative: nesting cannot exhaust the stack. A file that libyaml
finds nothing wrong with is read by it, twenty times as fast, but where the two may differ.
"""

from __future__ import annotations

import re
from itertools import islice

import yaml
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

from govlab.bundle.composer import Composer, Refused
from govlab.bundle.tree import Source, Tree
from govlab.errors import Diagnostic, Place

__all__ = ["carefully", "decode", "quickly", "read"]

_LARGEST = 1 << 20  # bytes
_MOST_CHARACTER_PROBLEMS = 20

# Controls and surrogates no YAML file may hold; line separators that YAML 1.1 and 1.2 read
# differently; marks that turn text around or hide, so that a reviewer sees another policy.
_REFUSED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff"
    "\ud800-\udfff\ufffe\uffff]"
)

_HINTS = (
    (r"'\t'", "indent with spaces, and put text that holds a tab in double quotes"),
    ("cannot start any token", "put text that begins with this character in quotes"),
    ("mapping values are not allowed", "put text that holds `: ` in quotes"),
    ("could not find expected ':'", "a key needs `: ` after it"),
    ("end of stream", "a quote or bracket is not closed"),
    ("unknown escape character", "write `\\\\` for a backslash, or use single quotes"),
    ("expected <block end>", "entries of one list or mapping begin in the same column"),
    ("expected ',' or", "a bracket is not closed, or a comma is missing"),
    ("expected alphabetic or numeric", "put text that begins with `*` or `&` in quotes"),
)


_DOUBTFUL = re.compile(r"\t|[|>][-+0-9]*#")  # libyaml takes these for white space and comments


class _Events(Reader, Scanner, Parser):
    """PyYAML's events of `text`."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)


def read(text: str, file: str) -> tuple[tuple[Tree, ...], list[Diagnostic]]:
    """The documents of `text` and everything wrong with it, in linear time.

    After a syntax error or a broken bound the documents before it are returned.

    >>> documents, problems = read("on: [1:30, 0o17, NO]", "p.yaml")
    >>> [item.value for item in documents[0].get("on").items], problems
    (['1:30', 15, 'NO'], [])
    """
    source = Source(file, text)
    problems = _screen(source)
    if problems:
        return (), problems
    found = quickly(source)
    return carefully(source) if found is None else (found, [])


def quickly(source: Source) -> tuple[Tree, ...] | None:
    """The documents as libyaml reads them; None where anything is wrong, or may be to PyYAML."""
    if _DOUBTFUL.search(source.text):
        return None
    composer, events = Composer(source), getattr(yaml, "CLoader", yaml.Loader)(source.text)
    try:
        while events.check_event():
            event = events.get_event()
            if _is_doubtful(event):
                return None
            composer.take(event)
    except (Refused, yaml.YAMLError, ValueError, OverflowError):
        return None
    return None if composer.problems else tuple(composer.documents)


def _is_doubtful(event: yaml.Event) -> bool:
    """Whether this is a place that PyYAML sees elsewhere, or a `?` that it may take for a mark."""
    if not isinstance(event, yaml.ScalarEvent) or event.style:
        return False
    return not event.value or "?" in event.value


def carefully(source: Source) -> tuple[tuple[Tree, ...], list[Diagnostic]]:
    """The documents and everything wrong with them, as PyYAML reads them."""
    events, composer = _Events(source.text), Composer(source)
    try:
        while events.check_event():
            composer.take(events.get_event())  # type: ignore[no-untyped-call]  # stubs lack it
    except Refused as refused:
        composer.problems.append(refused.diagnostic)
    except yaml.MarkedYAMLError as error:
        composer.problems.append(_syntax(source, error))
    except (ValueError, OverflowError):
        # PyYAML hands `"\UFFFFFFFF"` to chr() and the digits of `%YAML 9...` to int() unchecked
        composer.problems.append(
            source.problem(events.index, "GL001", "number out of range", "check the escape here")
        )
    return tuple(composer.documents), sorted(composer.problems, key=lambda p: p.place)


def decode(content: bytes, file: str) -> tuple[str, list[Diagnostic]]:
    """The text of a file's bytes, or empty text and the reason why it is none."""
    if len(content) > _LARGEST:
        return "", [_too_large(file, len(content))]
    try:
        return content.decode("utf-8"), []
    except UnicodeDecodeError as error:
        before = Source(file, content[: error.start].decode("utf-8"))
        byte = content[error.start]
        message = f"byte 0x{byte:02X} is not UTF-8"
        return "", [before.problem(error.start, "GL007", message, "save the file as UTF-8")]


def _too_large(file: str, size: int) -> Diagnostic:
    message = f"the file has {size:,} bytes; at most {_LARGEST:,} are read"
    return Diagnostic("GL006", message, Place(file, 1, 1), hint="split it into several files")


def _screen(source: Source) -> list[Diagnostic]:
    size = len(source.text.encode("utf-8", "surrogatepass"))
    if size > _LARGEST:
        return [_too_large(source.file, size)]
    found = islice(_REFUSED.finditer(source.text), _MOST_CHARACTER_PROBLEMS)
    return [_character(source, match.start(), match.group()) for match in found]


def _character(source: Source, offset: int, character: str) -> Diagnostic:
    if character == "\ufeff" and offset == 0:
        return source.problem(0, "GL007", "the file begins with a byte order mark",
                              "save it as UTF-8 without one")  # fmt: skip
    point = ord(character)
    escape = f"\\x{point:02X}" if point < 256 else f"\\u{point:04X}"
    message = f"character U+{point:04X} may not stand in a bundle"
    return source.problem(offset, "GL007", message, f"write `{escape}` in double quotes")


def _syntax(source: Source, error: yaml.MarkedYAMLError) -> Diagnostic:
    mark = error.problem_mark or error.context_mark
    message = str(error.problem or error.context)
    if error.context and error.context_mark and error.problem:
        message += f" {error.context} that begins in line {error.context_mark.line + 1}"
    hint = next((hint for sign, hint in _HINTS if sign in message), "")
    return source.problem(mark.index if mark else 0, "GL001", message, hint)

r"""Regular expressions with the meaning of RE2, for every engine that replays a policy.

CEL's `matches` is a partial search by RE2. `parse` reads a pattern; `rust` writes it for the
Rust crate behind polars, `program` for `govlab.runtime.automaton`. Both are made of explicit
code points, so that `\d`, `\w`, `\s` and `\b` mean ASCII everywhere and `$` the end of the text.
"""

from __future__ import annotations

from types import MappingProxyType

from govlab.lang.codepoints import Ranges
from govlab.lang.regex_nodes import (
    Alternate,
    Anchor,
    AnchorKind,
    Chars,
    Concat,
    Empty,
    Node,
    RegexError,
    Repeat,
    Sized,
    alternate,
    concat,
    leaf,
    repeat,
)
from govlab.lang.regex_syntax import read

__all__ = [
    "Alternate",
    "Anchor",
    "AnchorKind",
    "Chars",
    "Concat",
    "Empty",
    "Node",
    "Program",
    "RegexError",
    "Repeat",
    "parse",
    "program",
    "rust",
]

Program = tuple[tuple[int, ...], ...]

_MOST_STEPS = 10_000
_MOST_WEIGHT = 60_000  # RE2 gives up near 87,000 instructions, the Rust crate at 10 MB
_MOST_DEPTH = 240  # the Rust crate refuses 250, and `parse` may add a few
_ASCII_BEFORE = (
    leaf(Anchor("text_start")),
    repeat(leaf(Chars(((0, 0x7F),))), 0, None, written=False),
)
_NON_ASCII = Chars(((0x80, 0xD7FF), (0xE000, 0x10FFFF)))

_RUST_ANCHORS: MappingProxyType[AnchorKind, str] = MappingProxyType(
    {
        "text_start": r"\A",
        "text_end": r"\z",
        "line_start": "(?m:^)",
        "line_end": "(?m:$)",
        "word_boundary": r"(?-u:\b)",
        "not_word_boundary": r"(?-u:\B)",
    }
)
_RUST_COUNTS = MappingProxyType({(0, None): "*", (1, None): "+", (0, 1): "?"})
_RUST_NEVER = r"[^\x{0}-\x{10FFFF}]"
_RUST_META = frozenset(r"\.+*?()|[]{}^$#&-~")

# The instructions of `govlab.runtime.automaton`, which is inlined into exported engines and
# therefore cannot be imported from here nor import this.
_MATCH, _CHARS, _SPLIT, _ASSERT = range(4)
_ASSERTIONS: MappingProxyType[AnchorKind, int] = MappingProxyType(
    {kind: number for number, kind in enumerate(_RUST_ANCHORS)}
)


def parse(pattern: str) -> Node:
    r"""The tree of an RE2 pattern, of a size every engine can run.

    Raises `RegexError` with the place for what RE2 refuses (look-around, back references,
    counts above 1000), for script classes and `\C`, and for patterns that are too large.

    >>> parse("^[a-c]")
    Concat(parts=(Anchor(kind='text_start'), Chars(ranges=((97, 99),))))
    """
    sized = read(pattern)
    _refuse_large(sized)  # before anything that walks down the tree
    if _sees_inside_characters(sized.node):
        sized = alternate([leaf(_NON_ASCII), concat([*_ASCII_BEFORE, sized])])
    return sized.node


def rust(node: Node) -> str:
    r"""The pattern for the Rust crate `regex` whose search gives RE2's verdict on any text.

    >>> print(rust(parse(r"^(\d|b)*(ab|c)\b$")))
    \A[0-9b]*(?:c|ab)(?-u:\b)\z
    """
    match node:
        case Empty():
            return "(?:)"
        case Chars(ranges=ranges):
            return _rust_class(ranges)
        case Anchor(kind=kind):
            return _RUST_ANCHORS[kind]
        case Concat(parts=parts):
            return "".join(map(_rust_part, parts))
        case Alternate(options=options):
            return "|".join(map(rust, options))
        case Repeat(body=body, minimum=minimum, maximum=maximum):
            return _rust_body(body) + _rust_counts(minimum, maximum)


def program(node: Node) -> Program:
    """The instructions for `govlab.runtime.automaton`, where the format is described.

    >>> program(parse("a|b"))
    ((2, 2), (0,), (1, 1, 97, 99))
    """
    instructions: list[tuple[int, ...]] = [(_SPLIT,), (_MATCH,)]
    instructions[0] = (_SPLIT, _emit(node, 1, instructions))
    return tuple(instructions)


def _refuse_large(sized: Sized) -> None:
    if sized.depth > _MOST_DEPTH:
        raise RegexError("groups, options and repetitions nest too deeply", 0)
    if sized.steps > _MOST_STEPS or sized.weight > _MOST_WEIGHT:
        raise RegexError(
            "the pattern is too large once its repetitions are written out",
            0,
            "use smaller counts or smaller classes",
        )


def _sees_inside_characters(node: Node) -> bool:
    r"""Whether RE2, which walks over bytes, matches between the bytes of any one character.

    Only `\B` holds there: a pattern that is empty under `\B` alone matches every text that is
    not ASCII, which the caller has to say in characters. It also says that other matches have
    but ASCII before them: the Rust crate loses some where `\B` holds inside of a character.
    """
    return _matches_empty(node, frozenset({"not_word_boundary"})) and not _matches_empty(
        node, frozenset()
    )


def _matches_empty(node: Node, holding: frozenset[AnchorKind]) -> bool:
    match node:
        case Empty():
            return True
        case Chars():
            return False
        case Anchor(kind=kind):
            return kind in holding
        case Concat(parts=parts):
            return all(map(_matches_empty, parts, [holding] * len(parts)))
        case Alternate(options=options):
            return any(map(_matches_empty, options, [holding] * len(options)))
        case Repeat(body=body, minimum=minimum):
            return minimum == 0 or _matches_empty(body, holding)


def _rust_part(node: Node) -> str:
    return f"(?:{rust(node)})" if isinstance(node, Alternate) else rust(node)


def _rust_body(node: Node) -> str:
    grouped = isinstance(node, Alternate | Concat | Repeat)
    return f"(?:{rust(node)})" if grouped else rust(node)


def _rust_counts(minimum: int, maximum: int | None) -> str:
    if (sign := _RUST_COUNTS.get((minimum, maximum))) is not None:
        return sign
    if minimum == maximum:
        return f"{{{minimum}}}"
    return f"{{{minimum},{'' if maximum is None else maximum}}}"


def _rust_class(ranges: Ranges) -> str:
    if not ranges:
        return _RUST_NEVER
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return _rust_code(ranges[0][0])
    return f"[{''.join(map(_rust_range, ranges))}]"


def _rust_range(ends: tuple[int, int]) -> str:
    low, high = map(_rust_code, ends)
    return low if low == high else f"{low}-{high}"


def _rust_code(code: int) -> str:
    char = chr(code)
    if not (char.isascii() and char.isprintable()):
        return f"\\x{{{code:X}}}"
    return f"\\{char}" if char in _RUST_META else char


def _emit(node: Node, following: int, into: list[tuple[int, ...]]) -> int:
    """Appends the instructions of a node, last ones first; returns where they start."""
    match node:
        case Empty():
            return following
        case Chars(ranges=ranges):
            bounds = (bound for low, high in ranges for bound in (low, high + 1))
            return _append(into, (_CHARS, following, *bounds))
        case Anchor(kind=kind):
            return _append(into, (_ASSERT, following, _ASSERTIONS[kind]))
        case Concat(parts=parts):
            for part in reversed(parts):
                following = _emit(part, following, into)
            return following
        case Alternate(options=options):
            starts = [_emit(option, following, into) for option in reversed(options)]
            return _append(into, (_SPLIT, *reversed(starts)))
        case Repeat(body=body, minimum=minimum, maximum=maximum):
            return _emit_repeat(body, minimum, maximum, following, into)


def _emit_repeat(
    body: Node, minimum: int, maximum: int | None, following: int, into: list[tuple[int, ...]]
) -> int:
    if maximum is None:
        loop = _append(into, (_SPLIT,))
        start = _emit(body, loop, into)
        into[loop] = (_SPLIT, start, following)
        # `x{n,}` is n - 1 times x and then `x+`, which is the loop entered at its body.
        entry, copies = (start, minimum - 1) if minimum else (loop, 0)
    else:
        entry, copies = following, minimum
        for _ in range(maximum - minimum):
            entry = _append(into, (_SPLIT, _emit(body, entry, into), following))
    for _ in range(copies):
        entry = _emit(body, entry, into)
    return entry


def _append(into: list[tuple[int, ...]], instruction: tuple[int, ...]) -> int:
    into.append(instruction)
    return len(into) - 1

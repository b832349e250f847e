"""Every character of a scalar is found where it was written, in every style and indentation.

By construction: values are generated, written in each style by the writers below, which note the
offset of every character as they write it, and read back.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govlab.bundle.offsets import traced
from govlab.bundle.tree import Mapping, Scalar, Tree, key_at, node_at, plain, problem
from govlab.bundle.yamltext import read

Written = tuple[str, list[int]]  # the text of a scalar, and where each character of its value is

_WORDS = "ab'\"\\#:&*!|>%@`{}[],é€𝄞-?=~ "
_LINES = st.lists(st.text("ab'\"\\#:é𝄞 ", max_size=6), max_size=6).map("\n".join)
_ANY = st.text(st.sampled_from(_WORDS + "\n\t\x07\x1b\xa0\u2028\ufeff\0"), max_size=20)


def write_single(value: str, indent: int) -> Written:
    """Single quotes: a quote is doubled, n line breaks are n + 1."""
    out = "'"
    places: list[int] = []
    for char in value:
        if char == "\n":
            out += "\n" if out.endswith("\n" + " " * indent) else "\n\n"
            places.append(len(out) - 1)
            out += " " * indent
        else:
            places.append(len(out))
            out += "''" if char == "'" else char
    return out + "'", places


def write_double(value: str, indent: int) -> Written:
    """Double quotes: everything unusual escaped, an escaped line break after each fifth."""
    out = '"'
    places: list[int] = []
    for at, char in enumerate(value):
        if at % 5 == 4:
            out += "\\\n" + " " * indent
        places.append(len(out))
        escape = at % 5 == 4 or char in '"\\' or not char.isprintable() or not char.isascii()
        out += f"\\U{ord(char):08x}" if escape else char
    return out + '"', places


def write_literal(value: str, indent: int) -> Written:
    """`|` with an indentation indicator and the chomping that keeps the value's last breaks."""
    content = value.rstrip("\n")
    tail = len(value) - len(content)
    chomp = "-" if tail == 0 else "+"
    out = f"|2{chomp}\n"
    places: list[int] = []
    for number, line in enumerate(content.split("\n") if content else []):
        if number:
            out += "\n"
        out += " " * indent if line else ""
        places += range(len(out), len(out) + len(line))
        places.append(len(out) + len(line))  # of the break after the line
        out += line
    if content:
        places = places if tail else places[:-1]
        out += "\n"
        tail = max(0, tail - 1)
    for _ in range(tail):
        places.append(len(out))
        out += "\n"
    return out, places


def write_folded(value: str, indent: int) -> Written:
    """`>` with each space between two words written as a line break."""
    out = ">-\n" + " " * indent
    places: list[int] = []
    for char in value:
        places.append(len(out))
        out += "\n" + " " * indent if char == " " else char
    return out + "\n", places


def nested(written: str, depth: int) -> tuple[str, int]:
    """`written` as the value of a key `depth` lists deep, and the offset at which it begins."""
    head = "name: x\nrules:\n" + "".join("  " * level + "-\n" for level in range(1, depth))
    head += "  " * depth + "- key: "
    written += "" if written.endswith("\n") else "\n"  # one more would be the value's in `|+`
    return head + written + "  " * depth + "  other: 1\n", len(head)


def found(text: str, depth: int) -> Scalar:
    documents, problems = read(text, "p.yaml")
    assert problems == []
    node: Tree = node_at(documents[0], ("rules", *[0] * depth, "key"))
    assert isinstance(node, Scalar)
    return node


def check(writer: Callable[[str, int], Written], value: str, depth: int) -> None:
    # a key `depth` lists deep stands in column 2 * depth + 2, its block content two further
    written, places = writer(value, 2 * depth + 4)
    text, base = nested(written, depth)
    scalar = found(text, depth)
    assert scalar.text == value
    assert [scalar.offset_of(index) for index in range(len(value))] == [base + p for p in places]


@settings(deadline=None)  # the machine may be busy
@given(st.text("ab'\"\\#:\n é", max_size=20), st.integers(1, 4))
def test_single_quoted(value: str, depth: int) -> None:
    lines = value.split("\n")  # spaces beside a line break cannot be written in single quotes
    edges = [line.strip(" ") for line in lines]
    edges[0] = lines[0].rstrip(" ") if len(lines) > 1 else lines[0]
    edges[-1] = lines[-1].lstrip(" ") if len(lines) > 1 else lines[-1]
    check(write_single, "\n".join(edges), depth)


@settings(deadline=None)  # the machine may be busy
@given(_ANY, st.integers(1, 4))
def test_double_quoted(value: str, depth: int) -> None:
    check(write_double, value, depth)


@settings(deadline=None)  # the machine may be busy
@given(_LINES, st.integers(1, 4))
def test_literal(value: str, depth: int) -> None:
    check(write_literal, value, depth)


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.text("ab'\"#:é", min_size=1, max_size=6), min_size=1), st.integers(1, 4))
def test_folded(words: list[str], depth: int) -> None:
    check(write_folded, " ".join(words), depth)


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.sampled_from(["env", "==", "'a'", "a:b", "x#y", "é"]), min_size=1))
def test_plain_over_several_lines(words: list[str]) -> None:
    value = " ".join(["w", *words])
    breaks = value.replace(" ", "\n        ")
    text, base = nested(breaks, 1)
    scalar = found(text, 1)
    assert scalar.text == value
    ends = [at for at, char in enumerate(value) if char == " "]
    assert [scalar.offset_of(at) for at in ends] == [
        base + at + 8 * before for before, at in enumerate(ends)
    ]
    assert [text[scalar.offset_of(at)] for at in range(len(value))] == list(
        value.replace(" ", "\n")
    )


@settings(deadline=None)  # the machine may be busy
@given(st.text("ab \n'\"\\#:-|>+2\r", max_size=40), st.sampled_from(["", "'", '"', "|", ">"]))
def test_traced_value_is_the_readers_value(body: str, opening: str) -> None:
    closing = opening if opening in "'\"" else ""
    documents, problems = read(f"k: {opening}{body}{closing}\n", "p.yaml")
    for node in leaves(documents) if not problems else ():
        characters = traced(node.source.text, node.start, node.end, node.style, node.parent_indent)
        assert "".join(char for char, _ in characters) == node.text


def leaves(documents: tuple[Tree, ...]) -> list[Scalar]:
    found: list[Scalar] = []
    waiting = list(documents)
    while waiting:
        match waiting.pop():
            case Scalar() as scalar:
                found.append(scalar)
            case Mapping(entries=entries):
                waiting += [part for entry in entries for part in (entry.key, entry.value)]
            case sequence:
                waiting += sequence.items
    return found


# text of the value, index, what stands at that place
_BLOCKS = {
    "literal": ("k: |\n  ab\n  cd\n", 3, (3, 3)),
    "literal, more indented": ("k: |\n  ab\n    cd\n", 5, (3, 5)),
    "literal, given indentation": ("k: |1\n   ab\n", 2, (2, 4)),
    "literal, comment after the sign": ("k: |- # why\n  ab\n", 1, (2, 4)),
    "literal, Windows line ends": ("k: |\r\n  ab\r\n  cd\r\n", 4, (3, 4)),
    "folded": ("k: >\n  ab\n  cd\n", 2, (2, 5)),
    "folded, blank line": ("k: >\n  ab\n\n  cd\n", 3, (4, 3)),
    "single, folded": ("k: 'ab\n  cd'", 3, (2, 3)),
    "double, escapes": ('k: "\\x41\\u0042C"', 2, (1, 15)),
    "after an anchor": ("k: &a   ab\n", 1, (1, 10)),
    "anchor in the line before": ("k: &a # why\n  'ab'\n", 1, (2, 5)),
    "anchor right before its scalar": ("k: &a?b\n", 1, (1, 7)),
    "end": ("k: ab\n", 2, (1, 6)),
    "end of a block": ("k: |\n  ab\n", 3, (2, 5)),
    "beyond the end": ("k: 'ab'\n", 99, (1, 7)),
    "plain number": ("k: 50.00\n", 3, (1, 7)),
}


@pytest.mark.parametrize(("text", "index", "place"), _BLOCKS.values(), ids=_BLOCKS)
def test_places(text: str, index: int, place: tuple[int, int]) -> None:
    (document,), _ = read(text, "p.yaml")
    node = node_at(document, ("k",))
    assert isinstance(node, Scalar)
    found = node.source.place(node.offset_of(index))
    assert (found.line, found.column) == place


def test_nodes_by_location() -> None:
    (document,), _ = read("a:\n  - b: [x, y]\n", "p.yaml")
    assert node_at(document, ("a", 0, "b", 1)).place.column == 12
    assert node_at(document, ("a", 0, "b", 7)).place.column == 8
    assert key_at(document, ("a", 0, "b")).place.column == 5
    assert key_at(document, ()).place.column == 1
    assert plain(document) == {"a": [{"b": ["x", "y"]}]}


def test_a_problem_inside_a_scalar_has_its_line() -> None:
    (document,), _ = read("k: |\n  env ==\n  'a\n", "p.yaml")
    found = problem(node_at(document, ("k",)), "GL101", "no closing quote", index=7)
    assert str(found) == "p.yaml:3:3: GL101 no closing quote\n    'a\n    ^"

"""What values do to words: the table that is looked up, against asking guard by guard."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from govlab.backends.columnar.asked import ODD, Asked
from govlab.backends.columnar.layout import Classes, Layout, lay
from govlab.backends.columnar.parts import Guard, Part, Unit
from govlab.backends.columnar.units import Table
from govlab.lang.nodes import Literal
from govlab.lang.syntax import Span
from govlab.types import BOOL

_UNIT = Unit("columns", -1, ("env",), ())
_CODES = {"kept": (0,), "error": (2,), "unknown": (3,)}


def _parts(count: int) -> list[Part]:
    return [Part(_UNIT, Literal(BOOL, Span(0, 0), True)) for _ in range(count)]


@st.composite
def _cases(draw: st.DrawFn) -> tuple[Layout, Classes, Asked]:
    """Guards of which some have a part, classes of rows, and values with their verdicts."""
    parts = _parts(draw(st.integers(1, 4)))
    asks = draw(st.lists(st.sampled_from([None, *parts]), min_size=1, max_size=90))
    guards = tuple(Guard(0, at, () if p is None else (p,)) for at, p in enumerate(asks))
    layout = Layout.of(guards, 1)
    parts = [part for part in parts if part in layout.of_part] or [parts[0]]
    layout.of_part.setdefault(parts[0], np.zeros(0, np.int64))
    rows = draw(st.integers(1, 4))
    flags = draw(st.randoms(use_true_random=False))
    open_ = np.array([[flags.random() < 0.7 for _ in guards] for _ in range(rows)])
    values = draw(st.integers(1, 5))
    verdicts = {part: bytearray(flags.choices(range(4), k=values)) for part in parts}
    asked = Asked(Table(_UNIT, parts, (), verdicts, values), parts)
    asked.grow()
    return layout, lay(layout, open_, open_ & False, open_ & False), asked


def _word(
    layout: Layout, classes: Classes, asked: Asked, at: tuple[int, int, int], kind: str
) -> int:
    """The word number `at[2]` for a class of rows and a value, guard by guard."""
    row, value, number = at
    found, odd = 0, False
    for part in asked.parts:
        code = asked.table.verdicts[part][value]
        bits = [int(word[row]) for word in classes.bits(layout.of_part[part])]
        found |= bits[number] if code in _CODES[kind] else 0
        odd |= code >= 2 and any(bits)
    if kind == "kept":
        return ~(found | (int(ODD) if odd and number == 0 else 0)) & (2**64 - 1)
    return found


@pytest.mark.parametrize("kind", _CODES)
@given(case=_cases())
def test_a_table_says_what_each_guard_does(kind: str, case: tuple[Layout, Classes, Asked]) -> None:
    layout, classes, asked = case
    for number in range(len(classes.start)):
        effect = asked.effect(layout, classes, number, kind)
        for row in range(len(classes)):
            every = np.full(asked.table.size, row)
            for value, found in enumerate(effect.of(every, effect.column)):
                assert found == _word(layout, classes, asked, (row, value, number), kind)

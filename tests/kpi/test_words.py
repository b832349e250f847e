"""Three-valued terms survive being packed into words, however many and wherever they start."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from govlab.kpi.words import state_of, word_names, words_of

_STATES = st.sampled_from([True, False, None])


@given(st.integers(1, 70), st.integers(0, 20), st.integers(0, 9), st.data())
def test_words_say_what_terms_say(terms: int, height: int, skip: int, data: st.DataObject) -> None:
    rows = data.draw(
        st.lists(
            st.lists(_STATES, min_size=terms, max_size=terms),
            min_size=height + skip,
            max_size=height + skip,
        )
    )
    names = [f"t{n}" for n in range(terms)]
    wide = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.Boolean), orient="row")
    part = wide.slice(skip)  # its bits start within a byte
    words = words_of(part, height)
    assert words.columns == word_names(terms)
    assert words.select(state_of(n).alias(name) for n, name in enumerate(names)).equals(part)

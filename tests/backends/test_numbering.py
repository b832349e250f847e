"""Words as numbers: each has one, whatever else has its places in the table."""

from __future__ import annotations

from threading import RLock
from typing import Any

import numpy as np

from govlab.backends.columnar.numbering import Numbering


def test_equal_words_have_equal_numbers_from_batch_to_batch() -> None:
    chance = np.random.default_rng(7)
    numbering, known = Numbering(RLock()), dict[int, int]()
    for size in (0, 1, 500, 20_000, 60_000):
        words = chance.integers(0, 30_000, size, dtype=np.uint64) * np.uint64(2**40 + 1)
        for word, number in zip(words.tolist(), numbering.numbers(words).tolist(), strict=True):
            assert known.setdefault(word, number) == number
    assert sorted(known.values()) == list(range(len(numbering)))
    assert {word: numbering.words[n] for word, n in known.items()} == {w: w for w in known}


def test_words_that_share_their_places_are_told_apart() -> None:
    """With more words than the table has places some are in neither of their two."""
    numbering = Numbering(RLock())
    words = np.arange(3_000, dtype=np.uint64)
    numbering.numbers(words)
    numbering._make(10)
    assert numbering.numbers(words).tolist() == sorted(numbering.numbers(words).tolist())
    assert len(numbering) == 3_000


class Told:
    """An array that says when it is read."""

    def __init__(self, name: str, array: Any, order: list[str]) -> None:
        self.name, self.array, self.order = name, array, order

    def take(self, at: Any) -> Any:
        self.order.append(self.name)
        return self.array.take(at)


def test_a_word_is_looked_at_before_its_number() -> None:
    """A number is put before its word: who finds the word finds its number, whenever that was."""
    known, order = Numbering(RLock()), list[str]()
    words = np.array([5, 6], np.uint64)
    known.numbers(words)
    shift, keys, numbers = known._tables[0]
    known._tables[0] = (shift, Told("word", keys, order), Told("number", numbers, order))  # type: ignore[assignment]
    assert known.numbers(words).tolist() == [0, 1]
    assert order == ["word", "number"]

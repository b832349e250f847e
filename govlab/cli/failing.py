"""`--fail-on`: the words for what a command exits with 1, written the same way in each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from govlab.cli.selecting import listed
from govlab.errors import UsageError, did_you_mean

__all__ = ["fail_on"]

F = TypeVar("F", bound=Callable[..., Any])


def fail_on(words: Mapping[str, str]) -> Callable[[F], F]:
    """The option `--fail-on` with `words` and what each of them is; they may be repeated.

    The command is given the words, each once; one that is none raises UsageError.
    """

    def checked(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]
                ) -> tuple[str, ...]:  # fmt: skip
        gates = tuple(listed(given))
        for word in gates:
            if word not in words:
                hint = did_you_mean(word, words) or f"there are {', '.join(words)}"
                raise UsageError(f"`--fail-on {word}`: there is none; {hint}")
        return gates

    return click.option(
        "--fail-on",
        multiple=True,
        metavar="|".join(words),
        callback=checked,
        help="Exit 1 where, "
        + "; ".join(f"{name}: {what}" for name, what in words.items())
        + ". Repeat it, or commas.",
    )

"""Durations, money and instants as a bundle writes them, read exactly."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

__all__ = ["parse_duration", "parse_money", "parse_timestamp", "seconds"]

_MICROSECONDS = {"us": 1, "ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000,
                 "d": 86_400_000_000}  # fmt: skip
_PART = re.compile(r"([0-9]{1,18})(us|ms|s|m|h|d)")
_DURATION = re.compile(r"(?:[0-9]{1,18}(?:us|ms|s|m|h|d)){1,20}")
_MONEY = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,6})?")
_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:[Zz]|[-+]\d\d:\d\d)", re.ASCII
)
_INT64 = 2**63


def parse_duration(text: str) -> int:
    """Microseconds of `<n><unit>` sequences, units us ms s m h d (S7).

    Raises `ValueError` where `text` is none, is not positive or passes 64 bits.

    >>> parse_duration("1h30m"), parse_duration("250ms")
    (5400000000, 250000)
    """
    if not _DURATION.fullmatch(text):
        raise ValueError("not a duration: write a number and a unit, like `300s` or `1h30m` "
                         "(us, ms, s, m, h, d)")  # fmt: skip
    total = sum(int(number) * _MICROSECONDS[unit] for number, unit in _PART.findall(text))
    if not 0 < total < _INT64:
        raise ValueError("a duration is positive and at most 292,000 years")
    return total


def seconds(microseconds: int) -> int | float:
    """A duration in seconds, whole where it is whole.

    >>> seconds(300_000_000), seconds(1_500_000)
    (300, 1.5)
    """
    whole, rest = divmod(microseconds, 1_000_000)
    return microseconds / 1_000_000 if rest else whole


def parse_money(text: str) -> int:
    """Micro-USD of an amount in USD, rounded half-even; no float comes between.

    Raises `ValueError` where `text` is no decimal number, is negative or passes 64 bits.

    >>> parse_money("50.00"), parse_money("0.0000005"), parse_money("1e3")
    (50000000, 0, 1000000000)
    """
    if not _MONEY.fullmatch(text):
        raise ValueError("not an amount: write USD as a number, like `50.00`")
    try:
        amount = Decimal(text)
    except InvalidOperation as error:
        raise ValueError("not an amount: too many digits") from error
    if amount < 0 or amount >= Decimal(_INT64) / 1_000_000:
        raise ValueError("an amount is not negative and less than 9.2e12 USD")
    return int(amount.quantize(Decimal("0.000001"), ROUND_HALF_EVEN).scaleb(6))


def parse_timestamp(text: str) -> datetime:
    """The instant `text` names as in RFC 3339; raises `ValueError` without an offset from UTC.

    >>> parse_timestamp("2026-12-31T00:00:00Z").isoformat()
    '2026-12-31T00:00:00+00:00'
    """
    if not _INSTANT.fullmatch(text):
        raise ValueError("not an instant: write date, time and offset, like `2026-12-31T00:00:00Z`")
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError as error:
        raise ValueError(f"no such instant: {error}") from error

"""Argument text and attribute values, read the same way by every engine (S2, S9).

Standard library only: this module is inlined into exported engines. A value is *present*,
*absent* (missing or null) or *malformed* (there, but not of its declared type).
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from govlab.types import Type

__all__ = [
    "MAX_DEPTH",
    "State",
    "canonical",
    "digest",
    "parse",
    "patch",
    "read",
    "timestamp",
    "value_state",
]

State = Literal["present", "absent", "malformed"]

MAX_DEPTH = 64
_INT64 = 1 << 63
_EXACT = 1 << 53  # RFC 8785 numbers are doubles: integers beyond this have no unique digits
_WORDS = {True: "true", False: "false", None: "null"}
_quoted = json.encoder.encode_basestring  # escapes exactly what RFC 8785 does
_OUTSIDE_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)
_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII
)


def parse(text: str) -> dict[str, Any] | None:
    """The arguments in `text`, or None where it is not one well-formed JSON object.

    Not well-formed are also: duplicate keys at any depth, NaN and Infinity, nesting deeper
    than 64, integers of thousands of digits, lone surrogates in any string.

    >>> parse('{"amount": 3}')
    {'amount': 3}
    >>> parse('{"amount": 3, "amount": 4}') is None
    True
    """
    if _depth(text) > MAX_DEPTH:
        return None
    try:
        found = _DECODER.decode(text)
        text.encode()
        if "\\u" in text:  # only an escape can still hide a lone surrogate
            json.dumps(found, ensure_ascii=False).encode()
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _depth(text: str) -> int:
    """How deep brackets nest in `text`, outside strings; cheap where they cannot be too many."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return 0
    depth = deepest = 0
    for token in _OUTSIDE_TEXT.finditer(text):
        char = token.group()
        depth += (char in "[{") - (char in "]}")
        deepest = max(deepest, depth)
    return deepest


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate keys")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(constant)


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse)


def read(parsed: Mapping[str, Any] | None, path: Sequence[str], kind: Type) -> tuple[State, Any]:
    """The state and value of `path` in parsed arguments; None as `parsed` is malformed.

    >>> from govlab.types import INT
    >>> read({"a": {"b": 1}}, ("a", "b"), INT), read({"a": 1}, ("a", "b"), INT)
    (('present', 1), ('malformed', None))
    """
    found: Any = parsed
    for key in path:
        if found is None and found is not parsed:
            return "absent", None
        if not isinstance(found, Mapping):
            return "malformed", None
        found = found.get(key)
    return ("malformed", None) if parsed is None else value_state(found, kind)


def value_state(raw: object, kind: Type, counts: bool = False) -> tuple[State, Any]:
    """The state of one attribute value and the value as `kind`; a negative count is malformed.

    Times come as aware datetimes or RFC 3339 text with an offset and are given in UTC.

    >>> from govlab.types import DOUBLE, INT
    >>> value_state(3, DOUBLE), value_state(3.0, INT), value_state(-1, INT, counts=True)
    (('present', 3.0), ('malformed', None), ('malformed', None))
    """
    if raw is None:
        return "absent", None
    value = _typed(raw, kind)
    if value is None or (counts and value < 0):
        return "malformed", None
    return "present", value


def _typed(raw: object, kind: Type) -> Any:
    """`raw` as a value of `kind`, or None."""
    if kind.name == "list":
        return _elements(raw, kind.params[0])
    reader = _READERS.get(kind.name)
    return reader(raw) if reader else None


def _elements(raw: object, kind: Type) -> list[Any] | None:
    if not isinstance(raw, list | tuple):
        return None
    values = [_typed(element, kind) for element in raw]
    return None if any(value is None for value in values) else values


def _bool(raw: object) -> bool | None:
    return raw if isinstance(raw, bool) else None


def _int(raw: object) -> int | None:
    if isinstance(raw, bool) or not isinstance(raw, int):
        return None
    return raw if -_INT64 <= raw < _INT64 else None


def _double(raw: object) -> float | None:
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return None
    try:
        value = float(raw)
    except OverflowError:
        return None
    return value if math.isfinite(value) else None


def _string(raw: object) -> str | None:
    if not isinstance(raw, str):
        return None
    try:
        raw.encode()
    except UnicodeEncodeError:
        return None
    return raw[:]  # of a subclass, such as an enumeration's member, its plain text


def timestamp(raw: object) -> datetime | None:
    """`raw` as a UTC datetime; None where it has no offset or is finer than microseconds.

    >>> timestamp("2026-01-01T01:00:00+01:00")
    datetime.datetime(2026, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)
    """
    try:
        if isinstance(raw, datetime):
            return raw.astimezone(UTC) if raw.utcoffset() is not None else None
        return _rfc3339(raw) if isinstance(raw, str) else None
    except (ValueError, OverflowError):  # the 30th of February, a leap second, the year 0
        return None


def _rfc3339(text: str) -> datetime | None:
    parts = _RFC3339.fullmatch(text)
    if parts is None:
        return None
    date, time, fraction, offset = parts.groups()
    micros = (fraction or "")[:6].ljust(6, "0")
    if (fraction or "")[6:].strip("0"):
        return None
    whole = datetime.fromisoformat(f"{date}T{time}{'+00:00' if offset == 'Z' else offset}")
    return whole.astimezone(UTC) + timedelta(microseconds=int(micros))


_READERS: dict[str, Callable[[object], Any]] = {
    "bool": _bool,
    "int": _int,
    "double": _double,
    "string": _string,
    "timestamp": timestamp,
}


def digest(text: str) -> str:
    """`args_sha256` of S9: SHA-256 over the RFC 8785 form, or over `raw:` and the bytes.

    The raw form holds where the text is malformed or has integers beyond 2^53 or numbers
    beyond a double.

    >>> digest('{"b":1,"a":2.0}') == digest('{"a": 2, "b": 1}')
    True
    """
    parsed = parse(text)
    if parsed is None or not _exact(parsed):
        return hashlib.sha256(b"raw:" + text.encode(errors="surrogatepass")).hexdigest()
    return hashlib.sha256(canonical(parsed).encode()).hexdigest()


def _exact(value: Any) -> bool:
    """Whether every number in `value` survives RFC 8785."""
    if isinstance(value, dict | list):
        return all(map(_exact, value.values() if isinstance(value, dict) else value))
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, int) or -_EXACT < value < _EXACT


def canonical(value: Any) -> str:
    """`value` in the canonical form of RFC 8785; integers keep all their digits.

    >>> canonical({"b": 1e21, "a": [1.0, "\\u20ac"]})
    '{"a":[1,"€"],"b":1e+21}'
    """
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, bool) or value is None:
        return _WORDS[value]
    if isinstance(value, dict):
        keys = sorted(value, key=None if all(map(str.isascii, value)) else _code_units)
        return "{" + ",".join([f"{_quoted(key)}:{canonical(value[key])}" for key in keys]) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, datetime):
        return _quoted(value.astimezone(UTC).isoformat().replace("+00:00", "Z"))
    return _number(value) if isinstance(value, float) else str(value)


def _code_units(key: str) -> bytes:
    """RFC 8785 sorts keys by UTF-16 code unit, which is not code point order."""
    return key.encode("utf-16-be", "surrogatepass")


def _number(value: float) -> str:
    """`value` as ECMAScript writes it: the shortest digits that read back (RFC 8785, 3.2.2.3)."""
    if not math.isfinite(value):
        return "-1e999" if value < 0 else "1e999"  # what reads back as the same overflow
    if value == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    return "-" * sign + _placed("".join(map(str, digits)), len(digits) + int(exponent))


def _placed(digits: str, point: int) -> str:
    """`digits` with the decimal point after `point` of them."""
    if len(digits) <= point <= 21:
        return digits.ljust(point, "0")
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"0.{'0' * -point}{digits}"
    rest = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{rest}e{point - 1:+d}"


def patch(text: str | None, changes: Mapping[tuple[str, ...], object]) -> str:
    """The arguments with each path set, in canonical form; objects on the way are made.

    Text that is malformed, and anything on a path that is no object, gives way: what leaves a
    remediation holds the values that were set.

    >>> patch('{"to": "a", "n": 1}', {("to",): "b", ("x", "y"): True})
    '{"n":1,"to":"b","x":{"y":true}}'
    """
    found = (parse(text) if text is not None else None) or {}
    for path, value in changes.items():
        _put(found, path, value)
    return canonical(found)


def _put(found: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    for key in path[:-1]:
        inner = found.get(key)
        if not isinstance(inner, dict):
            inner = found[key] = {}
        found = inner
    found[path[-1]] = value

"""What every CEL function and operator does to Python values (representation: `values`).

One table, `CALLS`: function name -> Python function, which raises CelError for an evaluation
error. Types are looked at when called, as the language definition has it; the checker only
refuses earlier. Standard library only.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from govlab.runtime import clock
from govlab.runtime.automaton import compile_program, search
from govlab.runtime.globs import matches_any
from govlab.runtime.shell import Shell, analyse
from govlab.runtime.values import (
    INT_MAX,
    INT_MIN,
    UINT_MAX,
    CelError,
    Duration,
    Timestamp,
    TypeValue,
    Uint,
    compare,
    equals,
    kind,
)

__all__ = ["CALLS"]


def _no_overload(function: str, *values: Any) -> CelError:
    return CelError(f"no such overload: {function}({', '.join(map(kind, values))})")


def _int(value: int) -> int:
    if not INT_MIN <= value <= INT_MAX:
        raise CelError("integer overflow")
    return value


def _uint(value: int) -> Uint:
    if not 0 <= value <= UINT_MAX:
        raise CelError("unsigned integer overflow")
    return Uint(value)


def _divide_doubles(a: float, b: float) -> float:
    """IEEE division: Python raises where CEL gives an infinity or NaN."""
    if b != 0.0:
        return a / b
    if a == 0.0 or math.isnan(a):
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def _truncate(a: int, b: int) -> int:
    """Quotient towards zero: Python's `//` floors."""
    if b == 0:
        raise CelError("division by zero")
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def _remainder(a: int, b: int) -> int:
    if b == 0:
        raise CelError("modulus by zero")
    return abs(a) % abs(b) * (-1 if a < 0 else 1)


_Binary = dict[tuple[str, str], Callable[[Any, Any], Any]]

_ADD: _Binary = {
    ("int", "int"): lambda a, b: _int(a + b),
    ("uint", "uint"): lambda a, b: _uint(a + b),
    ("double", "double"): lambda a, b: a + b,
    ("string", "string"): lambda a, b: a + b,
    ("bytes", "bytes"): lambda a, b: a + b,
    ("list", "list"): lambda a, b: (*a, *b),
    ("timestamp", "duration"): lambda a, b: clock.timestamp(a.ns + b.ns),
    ("duration", "timestamp"): lambda a, b: clock.timestamp(a.ns + b.ns),
    ("duration", "duration"): lambda a, b: clock.duration(a.ns + b.ns),
}
_SUBTRACT: _Binary = {
    ("int", "int"): lambda a, b: _int(a - b),
    ("uint", "uint"): lambda a, b: _uint(a - b),
    ("double", "double"): lambda a, b: a - b,
    ("timestamp", "timestamp"): lambda a, b: clock.duration(a.ns - b.ns),
    ("timestamp", "duration"): lambda a, b: clock.timestamp(a.ns - b.ns),
    ("duration", "duration"): lambda a, b: clock.duration(a.ns - b.ns),
}
_MULTIPLY: _Binary = {
    ("int", "int"): lambda a, b: _int(a * b),
    ("uint", "uint"): lambda a, b: _uint(a * b),
    ("double", "double"): lambda a, b: a * b,
}
_DIVIDE: _Binary = {
    ("int", "int"): lambda a, b: _int(_truncate(a, b)),
    ("uint", "uint"): lambda a, b: _uint(_truncate(a, b)),
    ("double", "double"): _divide_doubles,
}
_MODULUS: _Binary = {
    # the one quotient out of range is an error for its remainder too, as in cel-go and cel-cpp
    ("int", "int"): lambda a, b: _remainder(a, b) if (a, b) != (INT_MIN, -1) else _int(-a),
    ("uint", "uint"): lambda a, b: _uint(_remainder(a, b)),
}


def _binary(name: str, table: _Binary) -> Callable[[Any, Any], Any]:
    def apply(a: Any, b: Any) -> Any:
        function = table.get((kind(a), kind(b)))
        if function is None:
            raise _no_overload(name, a, b)
        return function(a, b)

    return apply


def _negate(a: Any) -> Any:
    match kind(a):
        case "int":
            return _int(-a)
        case "double":
            return -a
        case _:
            raise _no_overload("-_", a)


def _ordered(wanted: Callable[[int], bool]) -> Callable[[Any, Any], bool]:
    def apply(a: Any, b: Any) -> bool:
        order = compare(a, b)
        return order is not None and wanted(order)  # NaN is neither before nor after

    return apply


_KEYS = frozenset({"bool", "int", "uint", "double", "string"})


def _contains(needle: Any, haystack: Any) -> bool:
    """`needle in haystack`."""
    match kind(haystack):
        case "list":
            return any(equals(needle, item) for item in haystack)
        case "map" if kind(needle) in _KEYS:
            return needle in haystack
        case _:
            raise _no_overload("@in", needle, haystack)


def _index(container: Any, key: Any) -> Any:
    if kind(container) == "map":
        return container[key]
    if kind(container) != "list":
        raise _no_overload("_[_]", container, key)
    if kind(key) not in ("int", "uint", "double") or not float(key).is_integer():
        raise _no_overload("_[_]", container, key)
    if not 0 <= key < len(container):
        raise CelError(f"index {int(key)} out of range")
    return container[int(key)]


def _size(value: Any) -> int:
    if kind(value) not in ("string", "bytes", "list", "map"):
        raise _no_overload("size", value)
    return len(value)


def _text(name: str, function: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    def apply(a: Any, b: Any) -> bool:
        if kind(a) != "string" or kind(b) != "string":
            raise _no_overload(name, a, b)
        return function(a, b)

    return apply


def _matches(text: Any, pattern: Any) -> bool:
    if kind(text) != "string":
        raise _no_overload("matches", text, pattern)
    return search(_automaton(pattern.program), text)


_automaton = lru_cache(maxsize=1024)(compile_program)


def _field(name: str) -> Callable[..., int]:
    def apply(value: Any, *where: Any) -> int:
        if kind(value) == "timestamp":
            return clock.TIMESTAMP_FIELDS[name](value, *where)
        if kind(value) == "duration" and not where and name in clock.DURATION_FIELDS:
            return clock.DURATION_FIELDS[name](value)
        raise _no_overload(name, value, *where)

    return apply


_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_NATURAL = re.compile(r"\+?\d+", re.ASCII)
_FLOAT = re.compile(
    r"[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|[Ii]nf(inity)?|[Nn]a[Nn])", re.ASCII
)
_BOOLS = {
    **dict.fromkeys(("1", "t", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "false", "FALSE", "False"), False),
}


def _to_int(value: Any) -> int:
    match kind(value):
        case "int" | "uint":
            return _int(int(value))
        case "double":
            # 2**63 itself is a double, 2**63-1 is not: the bounds are exclusive
            if not -(2.0**63) < value < 2.0**63:
                raise CelError("double out of int range")
            return int(value)
        case "string" if _INTEGER.fullmatch(value) and len(value) < 25:
            return _int(int(value))
        case "timestamp":
            return int(value.ns // 10**9)
        case _:
            raise CelError(f"cannot convert this {kind(value)} to int")


def _to_uint(value: Any) -> Uint:
    match kind(value):
        case "int" | "uint":
            return _uint(int(value))
        case "double":
            if not 0.0 <= value < 2.0**64:
                raise CelError("double out of uint range")
            return _uint(int(value))
        case "string" if _NATURAL.fullmatch(value) and len(value) < 25:
            return _uint(int(value))
        case _:
            raise CelError(f"cannot convert this {kind(value)} to uint")


def _to_double(value: Any) -> float:
    match kind(value):
        case "int" | "uint" | "double":
            return float(value)
        case "string" if _FLOAT.fullmatch(value):
            return float(value)
        case _:
            raise CelError(f"cannot convert this {kind(value)} to double")


def _to_bool(value: Any) -> bool:
    if kind(value) == "bool":
        return bool(value)
    if kind(value) == "string" and value in _BOOLS:
        return _BOOLS[value]
    raise CelError(f"cannot convert this {kind(value)} to bool")


def _to_string(value: Any) -> str:
    match kind(value):
        case "string":
            return str(value)
        case "int" | "uint":
            return str(int(value))
        case "bool":
            return "true" if value else "false"
        case "double":
            return repr(value).removesuffix(".0")
        case "timestamp":
            return clock.write_timestamp(value)
        case "duration":
            return clock.write_duration(value)
        case "bytes":
            try:
                return bytes(value).decode("utf-8")
            except UnicodeDecodeError:
                raise CelError("bytes are not UTF-8") from None
        case _:
            raise CelError(f"cannot convert this {kind(value)} to string")


def _to_bytes(value: Any) -> bytes:
    match kind(value):
        case "bytes":
            return bytes(value)
        case "string":
            return str(value).encode()
        case _:
            raise CelError(f"cannot convert this {kind(value)} to bytes")


def _to_timestamp(value: Any) -> Timestamp:
    match value:
        case Timestamp():
            return value
        case str():
            return clock.read_timestamp(value)
        case int() if kind(value) == "int":
            return clock.timestamp(value * 10**9)
        case _:
            raise CelError(f"cannot convert this {kind(value)} to timestamp")


def _to_duration(value: Any) -> Duration:
    match value:
        case Duration():
            return value
        case str():
            return clock.read_duration(value)
        case _:
            raise CelError(f"cannot convert this {kind(value)} to duration")


_TYPE_NAMES = {
    "null": "null_type",
    "timestamp": "google.protobuf.Timestamp",
    "duration": "google.protobuf.Duration",
}


def _type(value: Any) -> TypeValue:
    return TypeValue(_TYPE_NAMES.get(kind(value), kind(value)))


def _shell(command: Any) -> Shell:
    if kind(command) != "string":
        raise _no_overload("shell", command)
    return analyse(command)


def _shell_field(name: str) -> Callable[[Shell], Any]:
    def read(shell: Shell) -> Any:
        if not shell.parsed and name != "parsed":
            raise CelError("this command could not be parsed")
        return getattr(shell, name)

    return read


def _any_glob(values: Any, patterns: Any) -> bool:
    return any(matches_any(value, patterns) for value in values)


CALLS: dict[str, Callable[..., Any]] = {
    "_==_": equals,
    "_!=_": lambda a, b: not equals(a, b),
    "_<_": _ordered(lambda order: order < 0),
    "_<=_": _ordered(lambda order: order <= 0),
    "_>_": _ordered(lambda order: order > 0),
    "_>=_": _ordered(lambda order: order >= 0),
    "_+_": _binary("_+_", _ADD),
    "_-_": _binary("_-_", _SUBTRACT),
    "_*_": _binary("_*_", _MULTIPLY),
    "_/_": _binary("_/_", _DIVIDE),
    "_%_": _binary("_%_", _MODULUS),
    "-_": _negate,
    "@in": _contains,
    "_[_]": _index,
    "size": _size,
    "contains": _text("contains", lambda a, b: b in a),
    "startsWith": _text("startsWith", str.startswith),
    "endsWith": _text("endsWith", str.endswith),
    "matches": _matches,
    "int": _to_int,
    "uint": _to_uint,
    "double": _to_double,
    "bool": _to_bool,
    "string": _to_string,
    "bytes": _to_bytes,
    "timestamp": _to_timestamp,
    "duration": _to_duration,
    "type": _type,
    "dyn": lambda value: value,
    "shell": _shell,
    **{
        f"shell.{name}": _shell_field(name)
        for name in ("parsed", "programs", "commands", "writes", "substitution")
    },
    **{name: _field(name) for name in clock.TIMESTAMP_FIELDS},
    "@glob": matches_any,
    "@any_glob": _any_glob,
}

"""Google's cel-cpp as an oracle: the same condition on the same row, as run-time values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cel_expr_python import cel

from govlab.runtime.clock import read_duration, read_timestamp
from govlab.runtime.states import ABSENT, ERROR
from govlab.runtime.values import Duration, Map, Timestamp, TypeValue, Uint
from govlab.types import Type

__all__ = ["Oracle", "Program"]

_SCALARS = {
    "bool": cel.Type.BOOL, "int": cel.Type.INT, "uint": cel.Type.UINT, "double": cel.Type.DOUBLE,
    "string": cel.Type.STRING, "bytes": cel.Type.BYTES, "null": cel.Type.NULL,
    "timestamp": cel.Type.TIMESTAMP, "duration": cel.Type.DURATION, "dyn": cel.Type.DYN,
}  # fmt: skip
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Program:
    """A compiled condition; times are read back from their text, which keeps nanoseconds."""

    def __init__(self, compiled: Any, kind: str) -> None:
        self._compiled = compiled
        self._kind = kind

    def run(self, row: Mapping[str, Any]) -> Any:
        """The value for a row of states, or ERROR."""
        given = {name: _given(state) for name, state in row.items() if state is not ABSENT}
        result = self._compiled.eval(data=given)
        if result.type() == cel.Type.ERROR:
            return ERROR
        match self._kind:
            case "timestamp":
                return read_timestamp(result.value())
            case "duration":
                return read_duration(result.value())
            case _:
                return _taken(result)


class Oracle:
    """An environment with `variables` and, if given, cel-cpp's `extensions`."""

    def __init__(self, variables: Mapping[str, Type], extensions: Sequence[Any] = ()) -> None:
        typed = {name: _type(of) for name, of in variables.items()}
        self._env = cel.NewEnv(variables=typed, extensions=list(extensions))

    def program(self, expr: str, kind: str = "") -> Program:
        """`expr` compiled with checking; raises RuntimeError where cel-cpp refuses it."""
        text = f"string({expr})" if kind in ("timestamp", "duration") else expr
        return Program(self._env.compile(text), kind)


def _type(of: Type) -> Any:
    match of.name:
        case "list":
            return cel.Type.List(_type(of.params[0]))
        case "map":
            return cel.Type.Map(_type(of.params[0]), _type(of.params[1]))
        case name:
            return _SCALARS[name]


def _given(value: Any) -> Any:
    match value:
        case Timestamp(ns=ns):
            return _EPOCH + timedelta(microseconds=ns // 1000)
        case Duration(ns=ns):
            return timedelta(microseconds=ns // 1000)
        case Map():
            return {key: _given(item) for key, item in value.items()}
        case tuple():
            return [_given(item) for item in value]
        case Uint():
            return int(value)
        case _:
            return value


def _taken(result: Any) -> Any:
    """A `cel.Value` as a run-time value."""
    value, kind = result.value(), str(result.type()).partition("<")[0]
    match kind:
        case "LIST":
            return tuple(map(_taken, value))
        case "MAP":
            return Map((key, _taken(item)) for key, item in value.items())
        case "UINT":
            return Uint(value)
        case "BYTES":
            return bytes(value)
        case "TYPE":
            return TypeValue(str(value))
        case _:
            return value

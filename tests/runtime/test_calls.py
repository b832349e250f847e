"""Functions and operators on values: a table of calls, what they give, and where they err."""

from __future__ import annotations

import math

import pytest

from govlab.lang.compiled import compile_pattern
from govlab.runtime.calls import CALLS
from govlab.runtime.shell import analyse
from govlab.runtime.values import (
    INT_MAX,
    INT_MIN,
    UINT_MAX,
    CelError,
    Duration,
    Map,
    Timestamp,
    TypeValue,
    Uint,
)
from tests.conformance.cel.vectors import identical

U = Uint
NAN, INF = math.nan, math.inf
ERROR = object()
DAY = 86_400 * 10**9
LAST = Timestamp(253402300800 * 10**9 - 1)

ROWS = [
    ("_+_", 1, 2, 3), ("_+_", INT_MAX, 1, ERROR), ("_+_", INT_MIN, -1, ERROR),
    ("_+_", 1, 1.0, ERROR),
    ("_+_", 1, U(1), ERROR), ("_+_", True, True, ERROR), ("_+_", U(UINT_MAX), U(1), ERROR),
    ("_+_", 1e308, 1e308, INF), ("_+_", "a", "b", "ab"), ("_+_", "a", 1, ERROR),
    ("_+_", b"a", b"b", b"ab"),
    ("_+_", (1,), ("a",), (1, "a")), ("_+_", Timestamp(1), Duration(2), Timestamp(3)),
    ("_+_", Duration(1), Timestamp(2), Timestamp(3)), ("_+_", LAST, Duration(1), ERROR),
    ("_+_", Duration(INT_MAX), Duration(1), ERROR), ("_+_", None, None, ERROR),
    ("_+_", Timestamp(1), Timestamp(1), ERROR), ("_+_", Map(()), Map(()), ERROR),
    ("_-_", INT_MIN, 1, ERROR), ("_-_", U(0), U(1), ERROR), ("_-_", U(3), U(1), U(2)),
    ("_-_", Timestamp(3), Timestamp(1), Duration(2)),
    ("_-_", LAST, Timestamp(-62135596800 * 10**9), ERROR),
    ("_-_", Timestamp(3), Duration(1), Timestamp(2)), ("_-_", "a", "a", ERROR),
    ("_-_", INF, INF, NAN),
    ("_*_", INT_MIN, -1, ERROR), ("_*_", 2**32, 2**31, ERROR), ("_*_", -(2**32), 2**31, INT_MIN),
    ("_*_", U(2**32), U(2**32), ERROR), ("_*_", 0.0, INF, NAN), ("_*_", "a", 2, ERROR),
    ("_/_", 7, 2, 3), ("_/_", -7, 2, -3), ("_/_", 7, -2, -3), ("_/_", -7, -2, 3),
    ("_/_", 1, 0, ERROR),
    ("_/_", INT_MIN, -1, ERROR), ("_/_", INT_MIN, 1, INT_MIN), ("_/_", U(7), U(2), U(3)),
    ("_/_", U(1), U(0), ERROR), ("_/_", 1.0, 0.0, INF), ("_/_", -1.0, 0.0, -INF),
    ("_/_", 1.0, -0.0, -INF),
    ("_/_", 0.0, 0.0, NAN), ("_/_", NAN, 0.0, NAN), ("_/_", INF, INF, NAN), ("_/_", INF, 0.0, INF),
    ("_/_", Duration(4), Duration(2), ERROR),
    ("_%_", 7, 3, 1), ("_%_", -7, 3, -1), ("_%_", 7, -3, 1), ("_%_", 1, 0, ERROR),
    ("_%_", INT_MIN, -1, ERROR),
    ("_%_", INT_MIN, 3, -2), ("_%_", U(7), U(3), U(1)), ("_%_", U(7), U(0), ERROR),
    ("_%_", 1.0, 1.0, ERROR),
    ("_==_", 1, 1.0, True), ("_==_", NAN, NAN, False), ("_==_", "a", 1, False),
    ("_!=_", NAN, NAN, True),
    ("_<_", NAN, 1.0, False), ("_>=_", NAN, NAN, False), ("_<=_", 1, 1.0, True),
    ("_>_", U(1), -1, True),
    ("_<_", "a", 1, ERROR), ("_<_", (1,), (2,), ERROR), ("_<_", True, 2, ERROR),
    ("@in", 1, (1.0, "a"), True), ("@in", True, (1,), False), ("@in", NAN, (NAN,), False),
    ("@in", "a", (), False), ("@in", None, (None,), True), ("@in", "a", Map([("a", 1)]), True),
    ("@in", 1.5, Map([(1, 1)]), False), ("@in", None, Map([(1, 1)]), ERROR),
    ("@in", (), Map(()), ERROR),
    ("@in", "a", "abc", ERROR), ("@in", "a", 1, ERROR),
    ("_[_]", (5, 6), 1, 6), ("_[_]", (5, 6), U(1), 6), ("_[_]", (5, 6), 1.0, 6),
    ("_[_]", (5,), -0.0, 5),
    ("_[_]", (5, 6), -1, ERROR), ("_[_]", (5, 6), 2, ERROR), ("_[_]", (5,), 0.5, ERROR),
    ("_[_]", (5,), NAN, ERROR), ("_[_]", (5,), INF, ERROR), ("_[_]", (5,), "0", ERROR),
    ("_[_]", (5, 6), True, ERROR), ("_[_]", Map([("a", 1)]), "a", 1),
    ("_[_]", Map([("a", 1)]), "b", ERROR),
    ("_[_]", "abc", 0, ERROR), ("_[_]", None, 0, ERROR),
    ("contains", "abc", "bc", True), ("contains", "abc", "", True), ("contains", "abc", 1, ERROR),
    ("contains", ("a",), "a", ERROR), ("startsWith", "abc", "ab", True),
    ("startsWith", b"a", b"a", ERROR),
    ("endsWith", "abc", "ab", False), ("endsWith", "e\u0301", "\u0301", True),
    ("matches", "xaab", compile_pattern("a+b$"), True),
    ("matches", "a\n", compile_pattern("^a$"), False),
    ("matches", 1, compile_pattern("a"), ERROR),
    ("getHours", Timestamp(0), "+05:30", 5), ("getHours", Duration(0), "UTC", ERROR),
    ("getHours", 1, "UTC", ERROR),
    ("@glob", "db:delete", ("x", "db*"), True), ("@any_glob", ("a", "b"), ("b",), True),
    ("@any_glob", (), ("*",), False),
]  # fmt: skip

UNARY = [
    ("-_", 1, -1), ("-_", INT_MIN, ERROR), ("-_", 0.0, -0.0), ("-_", U(1), ERROR),
    ("-_", "a", ERROR),
    ("-_", True, ERROR),
    ("size", "e\u0301🐱", 3), ("size", "é".encode(), 2), ("size", (), 0),
    ("size", Map([(1, 1)]), 1),
    ("size", 1, ERROR), ("size", None, ERROR),
    ("int", "12", 12), ("int", "-12", -12), ("int", "+12", 12), ("int", "012", 12),
    ("int", "", ERROR),
    ("int", "-", ERROR), ("int", "1.0", ERROR), ("int", " 1", ERROR), ("int", "1\n", ERROR),
    ("int", "0x1", ERROR),
    ("int", "1_0", ERROR), ("int", "٣", ERROR), ("int", "9223372036854775808", ERROR),
    ("int", "9" * 5000, ERROR),
    ("int", "-9223372036854775808", INT_MIN), ("int", 1.9, 1), ("int", -1.9, -1),
    ("int", NAN, ERROR),
    ("int", INF, ERROR), ("int", 2.0**63, ERROR),
    ("int", 9223372036854774784.0, 9223372036854774784),
    ("int", U(2**63), ERROR), ("int", True, ERROR), ("int", None, ERROR),
    ("int", Timestamp(-1), -1),
    ("int", Timestamp(1_999_999_999), 1), ("int", Duration(1), ERROR),
    ("uint", "12", U(12)), ("uint", "+12", U(12)), ("uint", "-0", ERROR), ("uint", -1, ERROR),
    ("uint", 1.9, U(1)),
    ("uint", -0.5, ERROR), ("uint", -0.0, U(0)), ("uint", 2.0**64, ERROR),
    ("uint", INT_MAX, U(INT_MAX)),
    ("uint", "18446744073709551615", U(UINT_MAX)), ("uint", "18446744073709551616", ERROR),
    ("double", "1e3", 1000.0), ("double", ".5", 0.5), ("double", "1.", 1.0),
    ("double", "-inf", -INF),
    ("double", "NaN", NAN), ("double", "1e400", INF), ("double", "", ERROR),
    ("double", "0x1", ERROR),
    ("double", "1_0", ERROR), ("double", " 1", ERROR), ("double", U(1), 1.0),
    ("double", True, ERROR),
    ("double", INT_MAX, 2.0**63),
    ("bool", "true", True), ("bool", "f", False), ("bool", "1", True), ("bool", "tRuE", ERROR),
    ("bool", "", ERROR),
    ("bool", 1, ERROR), ("bool", False, False),
    ("string", 1, "1"), ("string", U(1), "1"), ("string", True, "true"), ("string", 1.0, "1"),
    ("string", 123.456, "123.456"), ("string", -0.0, "-0"), ("string", b"\xc3\xa9", "é"),
    ("string", b"\xff", ERROR),
    ("string", Timestamp(0), "1970-01-01T00:00:00Z"), ("string", Duration(-1), "-0.000000001s"),
    ("string", None, ERROR), ("string", (), ERROR), ("string", TypeValue("int"), ERROR),
    ("bytes", "é", b"\xc3\xa9"), ("bytes", 1, ERROR), ("bytes", b"a", b"a"),
    ("timestamp", 1, Timestamp(10**9)), ("timestamp", True, ERROR), ("timestamp", U(1), ERROR),
    ("timestamp", INT_MAX, ERROR), ("timestamp", "x", ERROR),
    ("timestamp", Timestamp(1), Timestamp(1)),
    ("duration", "1s", Duration(10**9)), ("duration", 1, ERROR),
    ("duration", Duration(1), Duration(1)),
    ("type", 1, TypeValue("int")), ("type", True, TypeValue("bool")),
    ("type", None, TypeValue("null_type")),
    ("type", Timestamp(0), TypeValue("google.protobuf.Timestamp")),
    ("type", TypeValue("int"), TypeValue("type")),
    ("dyn", 1, 1), ("getDayOfWeek", Timestamp(3 * DAY), 0),
    ("getSeconds", Duration(-1_500_000_000), -1),
    ("getFullYear", Duration(0), ERROR), ("getHours", "x", ERROR), ("shell", 1, ERROR),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "arguments", "result"),
    [(n, (a, b), r) for n, a, b, r in ROWS] + [(n, (a,), r) for n, a, r in UNARY],
)
def test_call(name, arguments, result):
    if result is ERROR:
        with pytest.raises(CelError):
            CALLS[name](*arguments)
        return
    found = CALLS[name](*arguments)
    assert identical(found, result), found
    # -0.0 is not 0.0 here
    assert type(result) is not float or str(found) == str(result)


def test_arithmetic_keeps_uints():
    assert [type(CALLS[f](U(7), U(2))) for f in ("_+_", "_-_", "_*_", "_/_", "_%_")] == [Uint] * 5


def test_shell_fields_of_a_command_that_cannot_be_read_are_errors():
    broken, whole = analyse("echo '"), analyse("git push > log")
    assert CALLS["shell.parsed"](broken) is False
    for field in ("programs", "commands", "writes", "substitution"):
        with pytest.raises(CelError, match="could not be parsed"):
            CALLS[f"shell.{field}"](broken)
    assert CALLS["shell.programs"](whole) == ("git",)
    assert CALLS["shell.writes"](CALLS["shell"]("git push > log")) == ("log",)

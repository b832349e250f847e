"""The kinds of values that keys of a bundle take, as annotations of the models."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from govlab.bundle.quantities import parse_duration, parse_timestamp
from govlab.bundle.shape import checked, misfit
from govlab.bundle.suggest import did_you_mean, quoted
from govlab.types import SCALARS, parse_type

__all__ = ["Condition", "Globs", "Identifier", "Instant", "Microseconds", "NotEmpty",
           "ShortDefault", "ShortParam", "Text", "Texts", "TypeName", "Value",
           "Version"]  # fmt: skip

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}")
_SEMVER = re.compile(
    r"(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)"
    r"(?:-(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*)?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?",
    re.ASCII,
)


def _identifier(text: str) -> str:
    if not _ID.fullmatch(text):
        hint = "begin with a letter or digit, then letters, digits and `. _ / -`, at most 100"
        raise misfit("GL021", f"{quoted(text)} is no name", hint)
    return text


def _version(text: str) -> str:
    if not _SEMVER.fullmatch(text):
        raise misfit(
            "GL017", f"{quoted(text)} is no version", "write it as in SemVer, like `1.2.0`"
        )
    return text


def _type(text: str) -> str:
    if parse_type(text) is None:
        hint = did_you_mean(text, SCALARS) or "write `string`, `int` or `list(string)`"
        raise misfit("GL013", f"{quoted(text)} is no type", hint)
    return text


def _condition(value: Any) -> Any:
    # `condition: true` is YAML's boolean and what everybody writes first
    return str(value).lower() if isinstance(value, bool) else value


def _not_empty(value: Any) -> Any:
    # pydantic's min_length counts the items that are right, and so complains of `[wrong]` twice
    if not value:
        raise misfit("GL014", "out of range: expected at least 1 entry in {key}")
    return value


def _strings(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _decision(value: Any) -> Any:
    return {"decision": value} if isinstance(value, str) else value


def _param(value: Any) -> Any:
    return value if isinstance(value, dict) else {"value": value}


def _literal(value: Any) -> Any:
    """A scalar, or a list of scalars of one type; null is none."""
    items = value if isinstance(value, tuple) else (value,)
    kinds = {type(item) for item in items}
    if kinds - {str, bool, int, float}:
        raise misfit("GL012", "expected text, a number, a boolean or a list of one of these")
    if len(kinds) > 1:
        raise misfit("GL012", "expected a list of one type", "put text in quotes, write `1.0`")
    for item in items:
        if isinstance(item, int | float) and not -(2.0**63) <= item < 2.0**63 and kinds == {int}:
            raise misfit("GL014", "out of range: whole numbers have 64 bits")
        if isinstance(item, float) and not abs(item) < float("inf"):
            raise misfit("GL014", "out of range: expected a finite number")
    return value


ShortDefault = BeforeValidator(_decision)
ShortParam = BeforeValidator(_param)
NotEmpty = AfterValidator(_not_empty)
Text = Annotated[str, Field(min_length=1)]
Identifier = Annotated[str, AfterValidator(_identifier)]
Condition = Annotated[str, BeforeValidator(_condition)]
Texts = tuple[Text, ...]
Globs = Annotated[tuple[Text, ...], BeforeValidator(_strings), NotEmpty]
Value = Annotated[Any, BeforeValidator(_literal)]
Microseconds = Annotated[int, BeforeValidator(checked(parse_duration))]
Instant = Annotated[datetime, BeforeValidator(checked(parse_timestamp))]
Version = Annotated[str, AfterValidator(_version)]
TypeName = Annotated[str, AfterValidator(_type)]

"""Constraints: the table of known ones, declarations of others, canonical values (S10)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from collections.abc import Mapping as Table
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import model_validator

from govlab.bundle.quantities import parse_duration, parse_money, seconds
from govlab.bundle.shape import Document, misfit
from govlab.bundle.suggest import did_you_mean, quoted
from govlab.bundle.tree import Mapping, Scalar, Sequence, Tree, describe, problem
from govlab.errors import Diagnostic

__all__ = ["CONSTRAINTS", "Canonical", "Constraint", "ConstraintDeclaration", "Kind", "Merge",
           "canonical_key", "read_constraint", "read_constraints"]  # fmt: skip

Kind = Literal["bool", "int", "double", "money", "duration", "list(string)", "patterns", "rate"]
Merge = Literal["or", "min", "max", "union", "intersection", "all"]


@dataclass(frozen=True, slots=True)
class Constraint:
    """A constraint by name: what its value is, and how two of them become one.

    `all` keeps both: each must hold.
    """

    name: str
    kind: Kind
    merge: Merge


CONSTRAINTS = {
    row[0]: Constraint(*row)
    for row in (
        ("read_only", "bool", "or"),
        ("max_cost", "money", "min"),
        ("timeout", "duration", "min"),
        ("max_lines_changed", "int", "min"),
        ("max_files", "int", "min"),
        ("max_records", "int", "min"),
        ("max_retries", "int", "min"),
        ("allow_tools", "list(string)", "intersection"),
        ("allow_envs", "list(string)", "intersection"),
        ("allow_paths", "patterns", "all"),
        ("deny_paths", "list(string)", "union"),
        ("network_egress_allowlist", "patterns", "all"),
        ("redact", "list(string)", "union"),
        ("rate", "rate", "all"),
    )
}
"""The constraints known by name; `patterns` is a list of lists, one of each must match."""

_RATE = re.compile(r"([0-9]{1,18})(?: ?/ ?| per )([^ ]+)")
_RATE_FORM = "write `10/1m`, `10 per 1m` or `{n: 10, per: 1m}`"
_UNITS = {"money": "_micro_usd", "duration": "_s"}
_MERGES = {
    "bool": ("or",),
    "int": ("min", "max"),
    "double": ("min", "max"),
    "duration": ("min", "max"),
    "list(string)": ("union", "intersection"),
}


class ConstraintDeclaration(Document):
    """A constraint the bundle declares: the type of its value and how two merge."""

    type: Literal["bool", "int", "double", "duration", "list(string)"]
    merge: Literal["min", "max", "or", "union", "intersection"]

    @model_validator(mode="after")
    def _merges(self) -> ConstraintDeclaration:
        allowed = _MERGES[self.type]
        if self.merge not in allowed:
            listed = " or ".join(f"`{merge}`" for merge in allowed)
            raise misfit(
                "GL016", f"`{self.type}` does not merge by `{self.merge}`", f"use {listed}"
            )
        return self


@dataclass(frozen=True, slots=True)
class Canonical:
    """A constraint as the Decision shows it: key with unit, value as JSON has it."""

    key: str
    value: Any


def canonical_key(name: str, kind: Kind) -> str:
    """The name with its unit, as the Decision shows it.

    >>> canonical_key("max_cost", "money"), canonical_key("max_files", "int")
    ('max_cost_micro_usd', 'max_files')
    """
    return name + _UNITS.get(kind, "")


def read_constraints(
    tree: Mapping, declared: Table[str, ConstraintDeclaration]
) -> tuple[dict[str, Any], list[Diagnostic]]:
    """The canonical values of a rule's `constraints`, and everything wrong with them.

    >>> from govlab.bundle.yamltext import read
    >>> (tree,), _ = read("{max_cost: 50.00, timeout: 5m}", "p.yaml")
    >>> read_constraints(tree, {})
    ({'max_cost_micro_usd': 50000000, 'timeout_s': 300}, [])
    """
    found = [read_constraint(entry.key, entry.value, declared) for entry in tree.entries]
    values = {one.key: one.value for one in found if isinstance(one, Canonical)}
    return values, [one for one in found if isinstance(one, Diagnostic)]


def read_constraint(
    name: Scalar, tree: Tree, declared: Table[str, ConstraintDeclaration]
) -> Canonical | Diagnostic:
    """The canonical value of one constraint, or what is wrong with it."""
    if name.text in CONSTRAINTS:
        kind: Kind = CONSTRAINTS[name.text].kind
    elif name.text in declared:
        kind = declared[name.text].type
    else:
        hint = did_you_mean(name.text, [*CONSTRAINTS, *declared])
        hint = hint or "declare it under `constraints` of the manifest"
        return problem(name, "GL020", f"no such constraint: {quoted(name.text)}", hint)
    value = _value(kind, tree)
    if isinstance(value, Diagnostic):
        return replace(value, message=f"{quoted(name.text)}: {value.message}")
    return Canonical(canonical_key(name.text, kind), value)


def _value(kind: Kind, tree: Tree) -> Any:
    match kind:
        case "bool":
            return _bool(tree)
        case "int":
            return _int(tree, 0)
        case "double":
            return _double(tree)
        case "money":
            return _money(tree)
        case "duration":
            return _seconds(tree)
        case "list(string)":
            return _strings(tree)
        case "patterns":
            strings = _strings(tree)
            return strings if isinstance(strings, Diagnostic) else [strings]
        case "rate":
            rate = _rate(tree)
            return rate if isinstance(rate, Diagnostic) else [rate]


def _wrong(tree: Tree, wanted: str, hint: str = "") -> Diagnostic:
    return problem(tree, "GL012", f"expected {wanted}, found {describe(tree)}", hint)


def _bool(tree: Tree) -> bool | Diagnostic:
    if isinstance(tree, Scalar) and isinstance(tree.value, bool):
        return tree.value
    return _wrong(tree, "true or false")


def _int(tree: Tree, least: int) -> int | Diagnostic:
    value = tree.value if isinstance(tree, Scalar) else None
    if not isinstance(value, int) or isinstance(value, bool):
        return _wrong(tree, "a whole number")
    if not least <= value < 2**63:
        return problem(tree, "GL014", f"out of range: {value} is not {least} to 2^63 - 1")
    return value


def _double(tree: Tree) -> float | Diagnostic:
    value = tree.value if isinstance(tree, Scalar) else None
    if not isinstance(value, int | float) or isinstance(value, bool):
        return _wrong(tree, "a number")
    if abs(value) > 1.7e308 or not math.isfinite(value):
        return problem(tree, "GL014", "out of range: expected a finite number")
    return float(value)


def _money(tree: Tree) -> int | Diagnostic:
    if not isinstance(tree, Scalar) or isinstance(tree.value, bool | None):
        return _wrong(tree, "an amount in USD")
    # 50.00 is exact only as text; 0x10 is one only as a number
    text = str(tree.value) if isinstance(tree.value, int) else tree.text
    return _parsed(tree, parse_money, text)


def _seconds(tree: Tree) -> int | float | Diagnostic:
    if not isinstance(tree, Scalar) or not isinstance(tree.value, str):
        return _wrong(tree, "a duration", "write a unit, like `300s`")
    microseconds = _parsed(tree, parse_duration, tree.text)
    return microseconds if isinstance(microseconds, Diagnostic) else seconds(microseconds)


def _parsed(tree: Scalar, parse: Callable[[str], int], text: str) -> int | Diagnostic:
    try:
        return parse(text)
    except ValueError as error:
        return problem(tree, "GL017", f"{quoted(text)} is {error}")


def _strings(tree: Tree) -> list[str] | Diagnostic:
    if not isinstance(tree, Sequence):
        hint = f"write {quoted('[' + tree.text + ']')}" if isinstance(tree, Scalar) else ""
        return _wrong(tree, "a list", hint)
    found = set()
    for item in tree.items:
        if not isinstance(item, Scalar) or not isinstance(item.value, str):
            return _wrong(item, "text")
        if not item.text:
            return problem(item, "GL014", "out of range: expected text of at least 1 character")
        found.add(item.text)
    return sorted(found)


def _rate(tree: Tree) -> dict[str, Any] | Diagnostic:
    """`10/1m`, `10 per 1m` or `{n: 10, per: 1m}`."""
    if isinstance(tree, Scalar):
        return _rate_text(tree)
    if not isinstance(tree, Mapping) or set(tree) != {"n", "per"}:
        return _wrong(tree, "a rate", _RATE_FORM)
    number = _int(tree.entries[tree.index["n"]].value, 1)
    per = _seconds(tree.entries[tree.index["per"]].value)
    for part in (number, per):
        if isinstance(part, Diagnostic):
            return part
    return {"n": number, "per_s": per}


def _rate_text(tree: Scalar) -> dict[str, Any] | Diagnostic:
    written = _RATE.fullmatch(tree.text)
    if not written:
        return _wrong(tree, "a rate", _RATE_FORM)
    number, per = written.groups()
    if int(number) < 1:
        return problem(tree, "GL014", "out of range: a rate allows at least 1")
    microseconds = _parsed(tree, parse_duration, per)
    if isinstance(microseconds, Diagnostic):
        return microseconds
    return {"n": int(number), "per_s": seconds(microseconds)}

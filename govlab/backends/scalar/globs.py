"""Globs known when code is generated: each as the cheapest test that says the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from govlab.backends.scalar.literals import Constants, literal

__all__ = ["any_test", "is_exact", "test"]

_WILD = frozenset("*?")


def is_exact(glob: str) -> bool:
    """Whether `glob` matches itself and nothing else."""
    return _WILD.isdisjoint(glob)


def test(name: str, globs: Sequence[str], constants: Constants) -> str:
    """An expression: whether the text in the variable `name` matches one of `globs`.

    >>> test("tool", ["db.*", "sh"], Constants())
    "tool == 'sh' or tool.startswith('db.')"
    """
    kinds: dict[str, list[str]] = {"exact": [], "start": [], "end": [], "other": []}
    for glob in dict.fromkeys(globs):
        if not glob.strip("*") and glob:
            return "True"
        kinds[_kind(glob)].append(glob)
    parts = [
        _exact(name, kinds["exact"], constants),
        _edge(f"{name}.startswith", [glob.rstrip("*") for glob in kinds["start"]]),
        _edge(f"{name}.endswith", [glob.lstrip("*") for glob in kinds["end"]]),
        _other(name, kinds["other"], constants),
    ]
    return " or ".join(part for part in parts if part)


def any_test(name: str, globs: Sequence[str], constants: Constants) -> str:
    """An expression: whether one of the texts in the variable `name` matches one of `globs`."""
    if all(map(is_exact, globs)):
        return f"not {constants.texts('NAMES', globs)}.isdisjoint({name})"
    return f"any({test('tag', globs, constants)} for tag in {name})"


def _kind(glob: str) -> str:
    if is_exact(glob):
        return "exact"
    if is_exact(glob.rstrip("*")):
        return "start"
    return "end" if is_exact(glob.lstrip("*")) else "other"


def _exact(name: str, globs: Sequence[str], constants: Constants) -> str:
    if len(globs) == 1:
        return f"{name} == {literal(globs[0])}"
    return f"{name} in {constants.texts('NAMES', globs)}" if globs else ""


def _edge(method: str, edges: Iterable[str]) -> str:
    found = sorted(edges)
    if not found:
        return ""
    return f"{method}({literal(found[0]) if len(found) == 1 else literal(tuple(found))})"


def _other(name: str, globs: Sequence[str], constants: Constants) -> str:
    if not globs:
        return ""
    return f"matches_any({name}, {constants.name('GLOBS', literal(tuple(globs)))})"

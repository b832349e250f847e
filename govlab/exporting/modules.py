"""Modules of govlab as text: their statements, what each defines, and what their names mean."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from govlab.exporting.references import Reference, references

__all__ = ["Module", "Statement", "Symbol", "parse_module", "read_module"]

_TO_LINTERS = ("# noqa", "# type:", "# fmt:")


class Symbol(NamedTuple):
    """A name and the module that defines it; a whole module where `name` is None."""

    module: str
    name: str | None


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of a module, from its first comment to its last line (from 1)."""

    node: ast.stmt
    start: int
    end: int
    defines: tuple[str, ...]
    references: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class Module:
    """A module: its text, its statements but imports, and what is behind the names it imports.

    `starts` are the bytes that lines begin at, `defined` has the statement of each name, and
    `remarks` are the places (line from 1, column) of comments that speak to linters.
    """

    name: str
    text: bytes
    lines: tuple[str, ...]
    starts: tuple[int, ...]
    about: str
    statements: tuple[Statement, ...]
    defined: Mapping[str, Statement]
    imports: Mapping[str, Symbol]
    remarks: tuple[tuple[int, int], ...]

    def place(self, line: int, column: int) -> int:
        """The byte of the text at byte `column` of `line`, as nodes count them."""
        return self.starts[line - 1] + column

    def segment(self, node: ast.expr | ast.stmt) -> str:
        """The text of `node`."""
        start = self.place(node.lineno, node.col_offset)
        end = self.place(node.end_lineno or 0, node.end_col_offset or 0)
        return self.text[start:end].decode()


@lru_cache(maxsize=256)
def read_module(name: str) -> Module:
    """The module `name` of govlab, from its file."""
    spec = find_spec(name)
    assert spec is not None  # the names come from govlab's own imports  # noqa: S101
    assert spec.origin is not None  # as above  # noqa: S101
    return parse_module(name, Path(spec.origin).read_text(encoding="utf-8"))


def parse_module(name: str, text: str, imports: Mapping[str, Symbol] | None = None) -> Module:
    """The module `name` with the source `text`; `imports` are names that it has besides its own."""
    tree = ast.parse(text)
    lines = tuple(text.split("\n"))
    found = dict(imports or {})
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= dict(_imported(node))
    statements = tuple(_statements(tree, lines))
    return Module(
        name=name,
        text=text.encode(),
        lines=lines,
        starts=(0, *accumulate(len(line.encode()) + 1 for line in lines)),
        about=ast.get_docstring(tree) or "",
        statements=statements,
        defined={name: each for each in statements for name in each.defines},
        imports=found,
        remarks=tuple(_remarks(text)),
    )


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, Symbol]]:
    for alias in node.names:
        if isinstance(node, ast.Import):
            yield alias.asname or alias.name, Symbol(alias.name, None)
            continue
        whole = f"{node.module}.{alias.name}"
        is_module = whole.startswith("govlab.") and find_spec(str(node.module)) is not None
        if is_module and _is_module(whole):
            yield alias.asname or alias.name, Symbol(whole, None)
        else:
            yield alias.asname or alias.name, Symbol(str(node.module), alias.name)


def _is_module(name: str) -> bool:
    """Whether `name` is a module: what is no package has none below it."""
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _statements(tree: ast.Module, lines: Sequence[str]) -> Iterator[Statement]:
    body = [n for n in tree.body if not isinstance(n, ast.Import | ast.ImportFrom)]
    for at, node in enumerate(body):
        if _is_text(node) or _defines(node) == ("__all__",):
            continue
        last = body[at + 1] if at + 1 < len(body) and _is_text(body[at + 1]) else node
        decorators = node.decorator_list if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
        first = min((node.lineno, *(d.lineno for d in decorators)))
        while first > 1 and lines[first - 2].startswith("# ") and "# -- " not in lines[first - 2]:
            first -= 1
        yield Statement(
            node, first, last.end_lineno or first, _defines(node), tuple(references(node))
        )


def _is_text(node: ast.stmt) -> bool:
    """A docstring, of the module or of the name before it."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _defines(node: ast.stmt) -> tuple[str, ...]:
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return (name,)
        case ast.Assign(targets=targets):
            stored = (n for target in targets for n in ast.walk(target))
            return tuple(n.id for n in stored if isinstance(n, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            return (name,)
        case _:
            return ()


def _remarks(text: str) -> Iterator[tuple[int, int]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and token.string.startswith(
            ("# noqa", "# type:", "# fmt:")
        ):
            yield token.start

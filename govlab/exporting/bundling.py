"""The text of one file: what is needed of govlab's modules, names told apart, then the program.

A name that two modules define gets its module's name in front, in both; what a program or its
callers use keeps its own.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from govlab.exporting.modules import Module, Statement, Symbol
from govlab.exporting.reach import PROGRAM, Reached
from govlab.exporting.references import Reference

__all__ = ["bundle_text"]

_EXAMPLE = re.compile(r"\s*\n\s*>>> .*\Z", re.DOTALL)
_PLAIN = (ast.Assign, ast.AnnAssign)
_Edit = tuple[int, int, str]  # from byte, to byte, the new text


def bundle_text(reached: Reached, surface: str) -> str:
    """Imports, the needed statements of each module, the program, the module `surface`."""
    names = _flat_names(reached, surface)
    order = [module for module in reached.order() if module.name != surface]
    parts = [_section(reached, module, names) for module in order]
    parts.append("\n".join(reached.program.lines).rstrip())
    parts.append(_section(reached, reached.module(surface), names))
    text = "\n\n\n".join(part for part in parts if part)
    return f"{_imports(reached, names)}\n\n\n{text}\n"


# -- names -----------------------------------------------------------------------------------------


def _flat_names(reached: Reached, surface: str) -> Mapping[Symbol, str]:
    """The name of each symbol in the one file."""
    own = {name for each in reached.program.statements for name in each.defines}
    fixed = {reached.home(s) for s in reached.program.imports.values() if s.name is not None}
    symbols = set(reached.standard) | set(reached.values)
    for module, statements in reached.needed.items():
        if module != PROGRAM:
            symbols |= {Symbol(module, name) for s in statements for name in s.defines}
    fixed |= {symbol for symbol in symbols if symbol.module == surface}
    alike: dict[str, set[Symbol]] = defaultdict(set)
    for symbol in symbols | fixed:
        alike[symbol.name or symbol.module].add(symbol)
    return {
        symbol: _flat_name(symbol, keeps=symbol in fixed or (len(same) == 1 and name not in own))
        for name, same in alike.items()
        for symbol in same
    }


def _flat_name(symbol: Symbol, *, keeps: bool) -> str:
    if symbol.name is None or keeps:
        return symbol.name or symbol.module
    private = "_" * symbol.name.startswith("_")
    return f"{private}{symbol.module.rpartition('.')[2]}_{symbol.name.removeprefix('_')}"


def _imports(reached: Reached, names: Mapping[Symbol, str]) -> str:
    modules = sorted(s.module for s in reached.standard if s.name is None)
    taken: dict[str, list[str]] = defaultdict(list)
    for symbol in sorted(s for s in reached.standard if s.name is not None):
        alias = names[symbol]
        taken[symbol.module].append(alias if alias == symbol.name else f"{symbol.name} as {alias}")
    lines = [f"import {module}" for module in modules]
    lines += [f"from {module} import {', '.join(some)}" for module, some in sorted(taken.items())]
    return "\n".join(["from __future__ import annotations", "", *lines])


# -- text ------------------------------------------------------------------------------------------


def _section(reached: Reached, module: Module, names: Mapping[Symbol, str]) -> str:
    """The needed statements of one module, under what it says of itself."""
    needed = reached.needed.get(module.name, set())
    writer = _Writer(reached, module, names)
    about = module.about.partition("\n\n")[0].replace("\n", "\n# ")
    text, before = f"# -- {module.name.rpartition('.')[2]}: {about}", None
    for statement in (each for each in module.statements if each in needed):
        together = isinstance(before, _PLAIN) and isinstance(statement.node, _PLAIN)
        text += ("\n" if together else "\n\n\n") + writer.text(statement)
        before = statement.node
    for symbol, value in reached.values.items():
        if symbol.module == module.name:
            text += f"\n\n\n{names[symbol]} = {value}"
    return text


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes statements of one module with their names as the one file has them."""

    reached: Reached
    module: Module
    names: Mapping[Symbol, str]

    def text(self, statement: Statement) -> str:
        """The lines of `statement`."""
        source = self.module.text
        start, end = self.module.place(statement.start, 0), self.module.place(statement.end + 1, -1)
        parts, at = [], start
        for first, last, text in sorted(self._edits(statement)):
            parts += [source[at:first], text.encode()]
            at = last
        return b"".join((*parts, source[at:end])).decode().rstrip()

    def _edits(self, statement: Statement) -> set[_Edit]:
        said = {
            self._edit(reference.annotation, "Any")
            for reference in statement.references
            if reference.annotation is not None and not self._is_carried(reference)
        }
        edits = {*self._names(statement), *self._others(statement)}
        outside = (e for e in edits if not any(f <= e[0] and e[1] <= end for f, end, _ in said))
        return said | set(outside)

    def _is_carried(self, reference: Reference) -> bool:
        symbol = self.reached.meaning(self.module, reference)
        outside = symbol is None or not symbol.module.startswith("govlab.")
        return outside or (symbol is not None and self.reached.is_carried(symbol))

    def _names(self, statement: Statement) -> Iterator[_Edit]:
        for reference in statement.references:
            symbol = self.reached.meaning(self.module, reference)
            if symbol is None or not self._is_carried(reference):
                continue
            home = self.module.imports.get(reference.name)
            whole = home is not None and home.name is None and home.module.startswith("govlab.")
            plain = reference.attribute is None or whole
            node = reference.node if plain else reference.node.value  # type: ignore[union-attr]  # an attribute
            yield self._edit(node, self.names.get(symbol, symbol.name or symbol.module))

    def _others(self, statement: Statement) -> Iterator[_Edit]:
        """The name that a function or class is defined by, examples, comments to linters."""
        node = statement.node
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            column = self.module.lines[node.lineno - 1].index(node.name)
            start = self.module.place(node.lineno, column)
            yield start, start + len(node.name), self.names[Symbol(self.module.name, node.name)]
        for inner in ast.walk(node):
            yield from self._without_example(inner)
        for number, column in self.module.remarks:
            if statement.start <= number <= statement.end:
                line = self.module.lines[number - 1]
                kept = len(line[:column].rstrip().encode())
                start = self.module.place(number, kept)
                yield start, start + len(line.encode()) - kept, ""

    def _without_example(self, node: ast.AST) -> Iterator[_Edit]:
        """A docstring without its example, whose names may be others here."""
        if not isinstance(node, ast.FunctionDef | ast.ClassDef) or not ast.get_docstring(node):
            return
        said = node.body[0]
        text = self.module.segment(said)
        if isinstance(said, ast.Expr) and _EXAMPLE.search(text):
            indent = "\n" + " " * said.col_offset if "\n" in _EXAMPLE.sub("", text) else ""
            yield self._edit(said.value, _EXAMPLE.sub(f'{indent}"""', text))

    def _edit(self, node: ast.expr, text: str) -> _Edit:
        start = self.module.place(node.lineno, node.col_offset)
        return start, self.module.place(node.end_lineno or 0, node.end_col_offset or 0), text

"""What a program needs of govlab's modules: statements, found by following their names."""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from govlab.exporting.modules import Module, Statement, Symbol
from govlab.exporting.references import Reference
from govlab.exporting.shaking import shaken

__all__ = ["PROGRAM", "Reached", "reach"]

PROGRAM = "program"
"""The name of the module that was generated: it holds what others only declare."""

_BUILTINS = frozenset(dir(builtins)) | {"__name__"}


@dataclass(slots=True)
class Reached:
    """The statements needed of each module, and the names of the standard library.

    `values` are names whose statement is not carried: their value is written out instead.
    """

    program: Module
    called: frozenset[str]
    values: Mapping[Symbol, str]
    needed: dict[str, set[Statement]] = field(default_factory=dict)
    standard: set[Symbol] = field(default_factory=set)

    def module(self, name: str) -> Module:
        """The module `name`, its tables with what is called alone."""
        return self.program if name == PROGRAM else shaken(name, self.called)

    def order(self) -> list[Module]:
        """The modules of govlab that are needed, each behind those that it needs."""
        found: dict[str, Module] = {}
        for name in sorted(self.needed):
            self._place(name, found)
        return [module for name, module in found.items() if name != PROGRAM]

    def _place(self, name: str, found: dict[str, Module]) -> None:
        module = self.module(name)
        meant = (
            self.meaning(module, reference)
            for statement in self.needed[name]
            for reference in statement.references
            if reference.annotation is None
        )
        needs = {symbol.module for symbol in meant if symbol is not None} & self.needed.keys()
        for other in sorted(needs - {name, PROGRAM}):
            if other not in found:
                self._place(other, found)
        found.setdefault(name, module)

    def meaning(self, module: Module, reference: Reference) -> Symbol | None:
        """What `reference` in `module` stands for; None for a builtin."""
        name, home = reference.name, module.imports.get(reference.name)
        if name in module.defined:
            declared = _is_declared(module.defined[name])
            return Symbol(PROGRAM if declared else module.name, name)
        if home is None:
            assert name in _BUILTINS, f"{module.name}: {name}"  # noqa: S101  # govlab's own modules
            return None
        if not home.module.startswith("govlab.") and home.module != PROGRAM:
            return home
        if home.name is None:
            return self.home(Symbol(home.module, reference.attribute))
        return self.home(home)

    def home(self, symbol: Symbol) -> Symbol:
        """Where `symbol` is defined, which may be behind the module that it is imported from."""
        module = self.module(symbol.module)
        if symbol.name is None or symbol.name in module.defined:
            return symbol
        return self.home(module.imports[symbol.name])

    def statement(self, symbol: Symbol) -> tuple[Module, Statement]:
        """The module and the statement that define `symbol`."""
        home = self.home(symbol)
        module = self.module(home.module)
        return module, module.defined[home.name or ""]

    def is_carried(self, symbol: Symbol) -> bool:
        """Whether the name stands in the text."""
        if symbol.module == PROGRAM or symbol in self.values:
            return True
        found = self.needed.get(symbol.module)
        return found is not None and self.module(symbol.module).defined[symbol.name or ""] in found


def reach(
    program: Module,
    surface: str,
    called: Iterable[str],
    values: Mapping[Symbol, str],
    also: Iterable[Symbol] = (),
) -> Reached:
    """What `program`, the whole module `surface` and the names `also` need.

    An annotation needs only what the standard library has: nothing of it runs.
    """
    reached = Reached(program, frozenset(called), values)
    waiting = [(program, each) for each in program.statements]
    above = reached.module(surface)
    waiting += [(above, each) for each in above.statements if not _is_declared(each)]
    waiting += [reached.statement(symbol) for symbol in also]
    while waiting:
        module, statement = waiting.pop()
        done = reached.needed.setdefault(module.name, set())
        if statement in done:
            continue
        done.add(statement)
        for reference in statement.references:
            symbol = reached.meaning(module, reference)
            if symbol is None or symbol in values or symbol.module == PROGRAM:
                continue
            if not symbol.module.startswith("govlab."):
                assert symbol.module.partition(".")[0] in sys.stdlib_module_names  # noqa: S101  # as the name says
                reached.standard.add(symbol)
            elif reference.annotation is None:
                waiting.append(reached.statement(symbol))
    return reached


def _is_declared(statement: Statement) -> bool:
    """`NAME: Type` without a value: the program has it."""
    return isinstance(statement.node, ast.AnnAssign) and statement.node.value is None

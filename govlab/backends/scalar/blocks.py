"""The text of one generated function while it is written: lines, variables read, results named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from govlab.backends.scalar.literals import Constants, identifier

__all__ = ["Block", "Module"]

_RESULT = re.compile(r"_\d+")


@dataclass(slots=True)
class Module:
    """What the functions of one generated module share; `taken` are names that mean something."""

    constants: Constants
    taken: frozenset[str]
    functions: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)  # functions of CALLS that are called

    def add(self, header: str, lines: Iterable[str]) -> None:
        """Append the function `header` with the body `lines`."""
        body = "\n".join(f"    {line}" for line in lines)
        self.functions.append(f"{header}\n{body}")


@dataclass(slots=True)
class _Names:
    """The names of one function."""

    function: str
    attributes: dict[str, str] = field(default_factory=dict)
    results: int = 0
    parts: int = 0


class Block:
    """Lines at one depth of a function `(s, locals...)`, where `s` holds the states by name.

    Attributes are read into variables at the depth of the outermost block, so that every path
    has them.
    """

    def __init__(
        self, module: Module, function: str, local: Mapping[str, str], outer: Block | None = None
    ) -> None:
        self.module = module
        self.local = local
        self.outer = outer
        self.lines: list[str] = []
        self.names: _Names = outer.names if outer else _Names(function)

    def inner(self, local: Mapping[str, str] | None = None) -> Block:
        """A block one level deeper, with further variables of macros in `local`."""
        return Block(self.module, "", {**self.local, **(local or {})}, self)

    def put(self, *lines: str) -> None:
        """Append `lines`."""
        self.lines.extend(lines)

    def nest(self, header: str, block: Block) -> None:
        """Append `header` with the lines of `block` below it."""
        self.put(header, *(f"    {line}" for line in block.lines))

    def attribute(self, name: str) -> str:
        """The variable that holds the state of the attribute `name`."""
        if self.outer is not None:
            return self.outer.attribute(name)
        known = self.names.attributes
        if name not in known:
            used = {*self.module.taken, *known.values(), *self.local.values()}
            known[name] = identifier(name, used)
            self.put(f"{known[name]} = s[{name!r}]")
        return known[name]

    def fresh(self) -> str:
        """A new name for a result."""
        self.names.results += 1
        return f"_{self.names.results}"

    def bind(self, text: str) -> str:
        """The name of the value of `text`, an expression that cannot raise."""
        if _RESULT.fullmatch(text):
            return text
        name = self.fresh()
        self.put(f"{name} = {text}")
        return name

    def part(self) -> str:
        """A name for a further function that does a part of this one."""
        self.names.parts += 1
        return f"_{self.names.function}_part_{self.names.parts}"

"""Checked conditions as columns: one `match` over the nodes, in the walker's order (S2, S24).

A node's column is null where the node is an error or unknown; polars' three-valued `&` and `|`
then absorb as CEL does. Which of the two it is, a second column says, where anything unknown can
be below. What has no native form runs by dictionary evaluation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from govlab.backends.columnar.bounds import result_bounds
from govlab.backends.columnar.calls import NATIVE
from govlab.backends.columnar.cells import Cells, dtype_of, malformed_name, unknown_name
from govlab.backends.columnar.constants import VALUES, constant_col
from govlab.backends.columnar.dictionary import free_locals, reads, run_dictionary
from govlab.backends.columnar.elements import one_pass
from govlab.backends.columnar.macros import flat_frame, fold
from govlab.backends.columnar.native import Native
from govlab.backends.columnar.program import Col, Program, any_of, no_value, unknown_of
from govlab.lang.nodes import (
    And,
    Call,
    Conditional,
    HasKey,
    Literal,
    Local,
    Macro,
    MakeList,
    MakeMap,
    Node,
    Not,
    Or,
    Present,
    Variable,
)
from govlab.types import BOOL, Type

__all__ = ["Compiler", "evaluate_nodes"]


def evaluate_nodes(nodes: Sequence[Node], frame: pl.DataFrame) -> list[Cells]:
    """What each of `nodes` comes to in every row of the states frame `frame`."""
    if frame.height == 1:  # a single row is a scalar to polars, which folds `x + 0.0`
        pair = evaluate_nodes(nodes, pl.DataFrame([pl.concat([s, s]) for s in frame.get_columns()]))
        return [Cells(c.value[:1], None if c.unknown is None else c.unknown[:1]) for c in pair]
    frame = pl.DataFrame(frame.get_columns())  # no scalar columns: see `Program.run`
    program = Program(frame)
    compiler = Compiler(program)
    names = []
    for node in nodes:
        col = compiler.compile(node, {})
        unknown = None if col.unknown is None else program.let(col.unknown).meta.output_name()
        names.append((program.let(col.value).meta.output_name(), unknown))
    done = program.run(frame)
    return [
        Cells(done.get_column(value), None if unknown is None else done.get_column(unknown))
        for value, unknown in names
    ]


_Locals = Mapping[str, Col]


class Compiler:
    """Nodes to columns of one program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.native = Native()

    def compile(self, node: Node, local: _Locals) -> Col:
        """The column of `node`; `local` has the variables of unrolled macros."""
        if self.native.is_constant(node):
            if self.native.storable(node):
                return constant_col(self.native.constant(node), node.type)
            return self.dictionary(node, local)
        if not self.native.runs(node):
            return self.dictionary(node, local)
        return self.program.trim(self._native(node, local))

    def _native(self, node: Node, local: _Locals) -> Col:
        match node:
            case Literal() | MakeList() | MakeMap() | HasKey():
                return self.dictionary(node, local)
            case Variable(name=name, type=type_):
                return self._column(name, type_)
            case Local(name=name, type=type_):
                return local[name] if name in local else self._column(name, type_)
            case Present(name=name):
                return self._present(name)
            case Not(operand=operand):
                col = self.compile(operand, local)
                return Col(~col.value, BOOL, col.unknown, col.size + 1)
            case And(left=left, right=right):
                return self._kleene(False, (self.compile(left, local), self.compile(right, local)))
            case Or(left=left, right=right):
                return self._kleene(True, (self.compile(left, local), self.compile(right, local)))
            case Conditional():
                return self._conditional(node, local)
            case Call():
                return self._call(node, local)
            case Macro():
                return self._macro(node, local)

    def _column(self, name: str, type_: Type) -> Col:
        flag = unknown_name(name)
        unknown = pl.col(flag) if self.program.has(flag) else None
        coded = isinstance(self.program.schema[name], pl.Categorical | pl.Enum)
        value = pl.col(name).cast(pl.String) if coded else pl.col(name)
        return Col(value, type_, unknown, 2 if coded else 1, self._nan(name, type_))

    def _nan(self, name: str, type_: Type) -> bool:
        return type_.name == "double" and self.program.may_be_nan(name)

    def _present(self, name: str) -> Col:
        """`has`: malformed is there, unknown is unknown."""
        there, size = pl.col(name).is_not_null(), 2
        if self.program.has(malformed_name(name)):
            there, size = there | pl.col(malformed_name(name)), 3
        if not self.program.has(unknown_name(name)):
            return Col(there, BOOL, None, size)
        unknown = pl.col(unknown_name(name))
        return Col(pl.when(~unknown).then(there), BOOL, unknown, size + 2)

    def _kleene(self, ends: bool, cols: Sequence[Col]) -> Col:
        """`&&` (ended by false) and `||` (ended by true) of any number of operands."""
        values = [c.value for c in cols]
        if len(values) == 2:
            value = values[0] | values[1] if ends else values[0] & values[1]
        else:
            value = pl.any_horizontal(values) if ends else pl.all_horizontal(values)
        size = 1 + sum(c.size for c in cols)
        unknown = unknown_of(cols)
        if unknown is None:
            return Col(value, BOOL, None, size)
        value = self.program.let(value)
        return Col(value, BOOL, self.program.let(value.is_null() & unknown))

    def _conditional(self, node: Conditional, local: _Locals) -> Col:
        test, then, other = (
            self.compile(p, local) for p in (node.condition, node.then, node.otherwise)
        )
        test = self.program.bind(test)
        # both sides by `when`: a null condition must take neither
        value = pl.when(test.value).then(then.value).when(~test.value).then(other.value)
        size = 4 + then.size + other.size
        nan = then.nan or other.nan
        if unknown_of((test, then, other)) is None:
            return Col(value, node.type, None, size, nan)
        no = pl.lit(False)
        sides = [no if c.unknown is None else c.unknown for c in (then, other, test)]
        unknown = (
            pl.when(test.value).then(sides[0]).when(~test.value).then(sides[1]).otherwise(sides[2])
        )
        return Col(self.program.let(value), node.type, self.program.let(unknown), 1, nan)

    def _call(self, node: Call, local: _Locals) -> Col:
        handler = NATIVE[node.function, tuple(a.type.name for a in node.args)]
        if node.function == "@in" and isinstance(node.args[1], MakeList):
            elements = self.native.elements(node.args[1])
            if elements is not None and not self.native.is_constant(node.args[1]):
                parts = tuple(self.compile(e, local) for e in elements)
                needle = self.compile(node.args[0], local)
                value = handler(self.program, needle, tuple(map(self.program.bind, parts)))
                return self._strict(node, (needle, *parts), value)
        cols = tuple(self._argument(a, local) for a in node.args)
        return self._strict(node, cols, handler(self.program, *cols))

    def _argument(self, node: Node, local: _Locals) -> Col:
        """An operand; a compiled literal such as a pattern goes to its function as it is."""
        if isinstance(node, Literal) and not isinstance(node.value, VALUES):
            return Col(pl.lit(None), node.type, constant=node.value)
        return self.compile(node, local)

    def _strict(self, node: Call, cols: Sequence[Col], value: pl.Expr) -> Col:
        size = 2 + sum(c.size for c in cols)
        exact = node.function == "double" and node.args[0].type.name in ("int", "uint")
        nan = node.type.name == "double" and not exact
        between = result_bounds(self.program, node.function, cols, node.type)
        return Col(value, node.type, unknown_of(cols), size, nan, bounds=between)

    # -- macros ------------------------------------------------------------------------------

    def _macro(self, node: Macro, local: _Locals) -> Col:
        elements = self.native.elements(node.range)
        if elements is not None and node.kind in ("all", "exists", "exists_one"):
            return self._unrolled(node, elements, local)
        return self._over_column(node, local)

    def _unrolled(self, node: Macro, elements: Sequence[Node], local: _Locals) -> Col:
        """A macro over a literal list: its body once for each element."""
        items = [self.program.bind(self.compile(e, local)) for e in elements]
        bodies = [self.compile(node.body, {**local, node.variable.name: item}) for item in items]
        if not bodies:
            return constant_col(node.kind == "all", BOOL)
        if node.kind != "exists_one":
            col = self._kleene(node.kind == "exists", bodies)
        else:
            one = (
                pl.sum_horizontal([b.value.cast(pl.Int64) for b in map(self.program.bind, bodies)])
                == 1
            )
            failed = pl.any_horizontal([self.program.bind(b).value.is_null() for b in bodies])
            col = Col(pl.when(~failed).then(one), BOOL, unknown_of(bodies), 9)
        return self._over(items, self.program.bind(col))

    def _over(self, items: Sequence[Col], col: Col) -> Col:
        """`col`, where the elements that it runs over are values."""
        missing, unknown = no_value(items), unknown_of(items)
        if missing is None:
            return col
        value = pl.when(~missing).then(col.value)
        flag = (
            None
            if col.unknown is None
            else pl.when(~missing).then(col.unknown).otherwise(pl.lit(False))
        )
        return Col(value, BOOL, any_of((unknown, flag)), 9)

    def _over_column(self, node: Macro, local: _Locals) -> Col:
        over = self.program.bind(self.compile(node.range, local))
        short = one_pass(
            self.program, self.native, node, over, lambda n, own: self.compile(n, {**local, **own})
        )
        return self._laid_flat(node, over, local) if short is None else short

    def _laid_flat(self, node: Macro, over: Col, local: _Locals) -> Col:
        column = self.program.column(over)
        places = self._local_columns(node, local)
        needs = [column, *places.values(), *self._needs(node)]

        def run(frame: pl.DataFrame) -> list[pl.Series]:
            lists = frame.get_column(column)
            below, flat = flat_frame(node, frame, lists, places)
            parts = [node.body] if node.condition is None else [node.body, node.condition]
            body, *condition = evaluate_nodes(parts, below)
            cells = fold(node, flat, body, condition[0] if condition else None)
            dtype = dtype_of(node.type)
            result = (
                pl.DataFrame({"v": cells.value, "there": lists.is_not_null()})
                .select(pl.when("there").then("v").cast(dtype or pl.Null))
                .to_series()
            )
            return [
                result,
                cells.unknown if cells.unknown is not None else result.is_null() & False,
            ]

        value, unknown = self.program.step(needs, 2, run)
        below_unknown = any(self.program.has(unknown_name(n)) for n in reads(node))
        flags = any_of((over.unknown, pl.col(unknown) if below_unknown or places else None))
        return Col(pl.col(value), node.type, flags)

    # -- dictionary evaluation ---------------------------------------------------------------

    def dictionary(self, node: Node, local: _Locals) -> Col:
        """The column of a node that has no native form."""
        places = self._local_columns(node, local)
        types = free_locals(node)
        columns = {name: (column, types[name]) for name, column in places.items()}

        def run(frame: pl.DataFrame) -> list[pl.Series]:
            cells = run_dictionary(node, frame, columns)
            no = pl.repeat(False, frame.height, dtype=pl.Boolean, eager=True)
            return [cells.value, no if cells.unknown is None else cells.unknown]

        value, unknown = self.program.step([*places.values(), *self._needs(node)], 2, run)
        can = any(self.program.has(unknown_name(n)) for n in reads(node))
        nan = node.type.name == "double"
        return Col(pl.col(value), node.type, pl.col(unknown) if can else None, 1, nan)

    def _needs(self, node: Node) -> list[str]:
        """The columns of the frame that `node` reads, with their flags."""
        wanted = [c for n in reads(node) for c in (n, malformed_name(n), unknown_name(n))]
        return [c for c in wanted if self.program.has(c)]

    def _local_columns(self, node: Node, local: _Locals) -> dict[str, str]:
        """The columns that hold the macro variables which `node` reads."""
        free = free_locals(node)
        return {name: self.program.column(local[name]) if name in local else name for name in free}

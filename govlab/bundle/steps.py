"""Derived attributes and lookups: one acyclic graph, computed in order (S7, J5)."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from govlab.bundle.documents import LookupDocument
from govlab.bundle.expressions import Expressions, written
from govlab.bundle.model import Derivation, Lookup
from govlab.bundle.sources import Documents, exists, inside
from govlab.bundle.tables import CELL_TYPES, Declared, Rows, read_rows
from govlab.bundle.tree import Tree, key_at, node_at
from govlab.lang.checker import Scope
from govlab.lang.nodes import variables
from govlab.schema import ACTIONS, request_columns
from govlab.types import DYN, STRING, Type, parse_type

__all__ = ["check_keys", "order_steps", "read_derivations", "read_lookups"]

_FIXED = frozenset(
    {"event_id", "ts", "run_id", "step", "args", "args_sha256", "cost", "cost_micro_usd"}
)


def read_lookups(documents: Documents, expressions: Expressions) -> tuple[Lookup, ...]:
    """The lookups with their rows; GL040 where a declaration is wrong, GL2xx where the table is.

    One that is wrong still has its columns, so that one cause is one problem.
    """
    found = []
    for name, document in documents.manifest.lookups.items():
        columns = _columns(name, document, documents.tree, expressions)
        path = _table(name, document, documents, expressions)
        rows: Rows = ()
        if path is not None:
            cells = tuple((c, k) for c, k in columns if k in CELL_TYPES)
            declared = Declared(document.key, cells, document.match, document.valid)
            rows, problems = read_rows(path, str(path), declared)
            expressions.problems.extend(problems)
        on, entity = document.on or document.key, document.entity or ""
        if entity and (on != "resource" or document.match != "exact"):
            node = node_at(documents.tree, ("lookups", name, "entity"))
            hint = "write `on: resource` and `match: exact`, or leave `entity` out"
            expressions.problem(node, "GL040", "an entity is found by its id", hint)
        found.append(Lookup(name, on, columns, document.match, rows, entity))
    return tuple(found)


def _table(
    name: str, document: LookupDocument, documents: Documents, expressions: Expressions
) -> Path | None:
    """The table's path; GL030 where it is none of the bundle's files."""
    node = node_at(documents.tree, ("lookups", name, "table"))
    path = inside(documents.folder, document.table)
    if path is None:
        message = f"`{document.table}` is outside the bundle's folder"
        hint = "tables are part of the bundle: put it under `data/`"
        expressions.problem(node, "GL030", message, hint)
    elif not (exists(path) and path.is_file()):
        expressions.problem(node, "GL030", f"no such table `{document.table}`")
        return None
    return path


def _columns(
    name: str, document: LookupDocument, manifest: Tree, expressions: Expressions
) -> tuple[tuple[str, Type], ...]:
    """The columns and their types; `dyn` for one whose type is wrong."""
    columns = {column: parse_type(kind) or DYN for column, kind in (document.columns or {}).items()}
    for column in (c for c, kind in columns.items() if kind not in CELL_TYPES):
        node = node_at(manifest, ("lookups", name, "columns", column))
        message = f"a cell cannot be a {columns[column]}"
        expressions.problem(node, "GL040", message, "use bool, int, double, string or list(string)")
    return tuple((c, k if k in CELL_TYPES else DYN) for c, k in columns.items())


def check_keys(
    lookups: tuple[Lookup, ...], scope: Scope, manifest: Tree, expressions: Expressions
) -> None:
    """Whether each lookup's `on` is a text attribute or another lookup's text column."""
    for lookup in lookups:
        kind = scope.attributes.get(lookup.on)
        if kind == STRING:
            continue
        node = node_at(manifest, ("lookups", lookup.name, "on"))
        reason = f"it is a {kind}" if kind else scope.refused.get(lookup.on, "it is no attribute")
        expressions.problem(
            node,
            "GL040",
            f"lookup `{lookup.name}` cannot join on `{lookup.on}`: {reason}",
            "a key is one text; for a list use `all(x, x in lookup.keys)`"
            if kind
            else "name the attribute with `on`",
        )


def read_derivations(
    documents: Documents, attributes: Mapping[str, Type], scope: Scope, expressions: Expressions
) -> tuple[Derivation, ...]:
    """The derived attributes; GL041 where the attribute cannot be derived."""
    known = {**{n: c.type for n, c in request_columns().items()}, **attributes}
    found = []
    for attribute, rules in documents.manifest.derive.items():
        at = key_at(documents.tree, ("derive", attribute))
        kind = known.get(attribute)
        if kind is None or attribute in _FIXED or attribute.startswith("run."):
            what = (
                "known only after the action"
                if attribute in ACTIONS and kind is None
                else ("no attribute of this bundle" if kind is None else "fixed by the log")
            )
            expressions.problem(at, "GL041", f"`{attribute}` cannot be derived: it is {what}")
            continue
        pairs = []
        for place, _ in enumerate(rules):
            node = node_at(documents.tree, ("derive", attribute, place))
            when = node_at(node, ("when",))
            value = node_at(node, ("value",))
            test = (
                expressions.read(when, scope)
                if when is not node
                else expressions.read(node, scope, text="true")
            )
            result = expressions.read(value, scope, kind, written(value, kind))
            if test and result:
                pairs.append((test, result))
        found.append(Derivation(attribute, tuple(pairs)))
    return tuple(found)


def order_steps(
    derive: tuple[Derivation, ...],
    lookups: tuple[Lookup, ...],
    manifest: Tree,
    expressions: Expressions,
) -> tuple[str, ...]:
    """The steps in an order in which each finds what it reads; GL042 where there is none."""
    names = {d.attribute for d in derive} | {k.name for k in lookups}
    graph = {
        d.attribute: _needs(
            {v for rule in d.rules for part in rule for v in variables(part.node)}, names
        )
        for d in derive
    }
    graph |= {k.name: _needs({k.on}, names) for k in lookups}
    try:
        sorter = TopologicalSorter({name: sorted(graph[name]) for name in sorted(graph)})
        return tuple(sorter.static_order())
    except CycleError as error:
        cycle = list(dict.fromkeys(error.args[1]))
        section = "derive" if cycle[0] in {d.attribute for d in derive} else "lookups"
        expressions.problem(
            key_at(manifest, (section, cycle[0])),
            "GL042",
            f"`{cycle[0]}` depends on itself: {' -> '.join((*cycle, cycle[0]))}",
        )
        return tuple(sorted(names))


def _needs(read: set[str], steps: set[str]) -> set[str]:
    """The steps among what is read: `tools.owner` needs the lookup `tools`."""
    return {n for name in read for n in (name, name.partition(".")[0]) if n in steps}

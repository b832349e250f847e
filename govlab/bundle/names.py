"""Names of a bundle: what may be one, and what one may stand for in a chain (S4, S5)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from govlab.bundle.constraints import canonical_key
from govlab.bundle.expressions import Expressions
from govlab.bundle.model import Bundle
from govlab.bundle.sources import Documents
from govlab.bundle.tree import Location, key_at, node_at
from govlab.schema import ACTIONS, MARKS, request_columns
from govlab.types import DYN, Type, parse_type

__all__ = ["check_ids", "check_inherited", "check_words", "read_attributes"]

_RESERVED = frozenset({"args", "event", "history", "params", "risk", "run"})
_PREFIXES = ("run.", "event.", "params.", "history.")
_ATTRIBUTE_TYPES = frozenset({"bool", "int", "double", "string", "timestamp", "list"})
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)  # what a condition can write
_LETTERS = "letters, digits and `_`, and no digit first"


def read_attributes(documents: Documents, expressions: Expressions) -> dict[str, Type]:
    """The declared attributes; GL031 for a name that is taken, GL032 for a type no log can hold.

    One whose type is wrong is `dyn`, so that one cause is one problem.
    """
    known = {*request_columns(), *ACTIONS, *MARKS, *_RESERVED}
    found: dict[str, Type] = {}
    for name, text in documents.manifest.attributes.items():
        at, kind = key_at(documents.tree, ("attributes", name)), parse_type(text)
        found[name] = kind if kind and _storable(kind) else DYN
        if name in known or name.startswith(_PREFIXES):
            message = f"`{name}` is an attribute of every log already"
            expressions.problem(at, "GL031", message, "remove it")
        elif not all(map(_WORD.fullmatch, name.split("."))):
            hint = "names joined by dots, like `args.path`"
            expressions.problem(at, "GL031", f"`{name}` is no attribute name", hint)
        elif found[name] == DYN:
            hint = "use bool, int, double, string, timestamp or a list of one"
            expressions.problem(at, "GL032", f"an attribute cannot be a {text}", hint)
    return found


def _storable(kind: Type) -> bool:
    inner = _ATTRIBUTE_TYPES - {"list", "timestamp"}
    return kind.name in _ATTRIBUTE_TYPES and all(p.name in inner for p in kind.params)


def check_words(documents: Documents, expressions: Expressions) -> None:
    """Whether conditions can write each name, and no two names are one (GL031)."""
    for at, what in _words(documents):
        name = str(at[-1])
        if not _WORD.fullmatch(name):
            message = f"`{name}` is no {what} name"
            expressions.problem(key_at(documents.tree, at), "GL031", message, _LETTERS)
    _check_lookups(documents, expressions)
    _check_constraints(documents, expressions)


def _words(documents: Documents) -> Iterator[tuple[Location, str]]:
    manifest = documents.manifest
    yield from ((("params", name), "param") for name in manifest.params)
    yield from ((("history", name), "feature") for name in manifest.history)
    for name, lookup in manifest.lookups.items():
        yield ("lookups", name), "lookup"
        yield from ((("lookups", name, "columns", c), "column") for c in lookup.columns or {})


def _check_lookups(documents: Documents, expressions: Expressions) -> None:
    """A lookup has the first part of `<lookup>.<column>` for itself, and `keys` is taken."""
    names = {*request_columns(), *ACTIONS, *documents.manifest.attributes}
    taken = {*_RESERVED, *(name.partition(".")[0] for name in names)}
    for name, lookup in documents.manifest.lookups.items():
        if name in taken:
            at = key_at(documents.tree, ("lookups", name))
            message = f"`{name}` is an attribute already"
            expressions.problem(at, "GL031", message, "rename the lookup")
        if "keys" in (lookup.columns or {}):
            at = key_at(documents.tree, ("lookups", name, "columns", "keys"))
            message = f"`{name}.keys` is the set of the table's keys already"
            expressions.problem(at, "GL031", message, "rename the column")


def _check_constraints(documents: Documents, expressions: Expressions) -> None:
    """A declared name and its unit may not make another declared name: `wait` in s, `wait_s`."""
    seen: set[str] = set()
    for name, declared in documents.manifest.constraints.items():
        canonical = canonical_key(name, declared.type)
        if canonical in seen:
            at = key_at(documents.tree, ("constraints", name))
            message = f"two constraints are `{canonical}` in a decision"
            expressions.problem(at, "GL031", message, "rename one")
        seen.add(canonical)


def check_inherited(bundle: Bundle, documents: Documents, expressions: Expressions) -> None:
    """A child cannot change its parents: no `default` (GL035), no name of theirs (GL031)."""
    tree = documents.tree
    if documents.manifest.extends and documents.manifest.default:
        message = "a bundle that extends another has no `default`"
        hint = "the root's default holds for the whole chain"
        expressions.problem(key_at(tree, ("default",)), "GL035", message, hint)
    ancestors = bundle.chain()[:-1]
    inherited = {pair for member in ancestors for pair in _names(member)}
    for section, name in _names(bundle):
        if (section, name) in inherited:
            message = f"`{name}` is declared by the parent already"
            expressions.problem(
                key_at(tree, (section, name)), "GL031", message, "choose another name"
            )
    approvers = {name for member in ancestors for name in _approvers(member)}
    for name in bundle.groups:
        if name in approvers and ("groups", name) not in inherited:
            message = f"`{name}` approves in the parent: a group of that name would change who may"
            expressions.problem(
                key_at(tree, ("groups", name)), "GL031", message, "choose another name"
            )


def _approvers(bundle: Bundle) -> Iterator[str]:
    yield from bundle.default.approvers
    for policy in bundle.policies:
        for rule in policy.rules:
            yield from rule.approvers


def _names(bundle: Bundle) -> Iterator[tuple[str, str]]:
    yield from (("params", n) for n in bundle.params)
    yield from (("attributes", n) for n in bundle.attributes)
    yield from (("lookups", k.name) for k in bundle.lookups)
    yield from (("history", f.name) for f in bundle.history)
    yield from (("groups", n) for n in bundle.groups)
    yield from (("constraints", n) for n in bundle.constraints)


def check_ids(parent: Bundle | None, documents: Documents, expressions: Expressions) -> None:
    """Policy names and rule ids name one thing in the whole chain (GL033).

    `<policy>/on` is the id that the engine gives a target.
    """
    above = [p for member in (parent.chain() if parent else ()) for p in member.policies]
    policies = {p.name for p in above}
    rules = {r.id for p in above for r in p.rules} | {f"{p.name}/on" for p in above}
    doubled = set()
    for source in documents.policies:
        name = source.document.name
        if name in policies or f"{name}/on" in rules:
            doubled.add(name)
            at = node_at(source.tree, ("name",))
            expressions.problem(at, "GL033", f"a second policy `{name}`", "give it another name")
        policies.add(name)
        rules.add(f"{name}/on")
    for source in documents.policies:
        for place, rule in enumerate(source.document.rules):
            if rule.id is None and source.document.name in doubled:
                continue  # its own name is what is wrong
            identifier = rule.id or f"{source.document.name}/{place + 1}"
            if identifier in rules:
                at = node_at(source.tree, ("rules", place, "id"))
                message = f"a second rule `{identifier}`"
                expressions.problem(at, "GL033", message, "give it an `id` of its own")
            rules.add(identifier)

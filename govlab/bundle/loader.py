"""A folder or file -> `Bundle`, or everything that is wrong with it, each with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from govlab.bundle.constraints import canonical_key
from govlab.bundle.digest import digest
from govlab.bundle.documents import DefaultDocument
from govlab.bundle.expressions import Expressions
from govlab.bundle.history import read_features
from govlab.bundle.model import Bundle, ConstraintType, Default, Expression, Lookup, Mode
from govlab.bundle.params import read_params
from govlab.bundle.policies import read_policies
from govlab.bundle.quantities import seconds
from govlab.bundle.scopes import Scopes, make_scopes
from govlab.bundle.sources import Documents, find_bundle, read_documents
from govlab.bundle.steps import check_keys, order_steps, read_derivations, read_lookups
from govlab.bundle.tree import key_at, node_at
from govlab.errors import BundleError
from govlab.lang.checker import Constant
from govlab.schema import ACTIONS, MARKS, request_columns
from govlab.types import DOUBLE, INT, STRING, Type, list_of, parse_type

__all__ = ["load_bundle"]

_DEEPEST = 8
_RESERVED = frozenset({"args", "event", "history", "params", "risk", "run"})
_ATTRIBUTE_TYPES = frozenset({"bool", "int", "double", "string", "timestamp", "list"})


def load_bundle(path: str | Path) -> Bundle:
    """The bundle at `path`: a folder, one policy file, or the name of a starter.

    Raises BundleError with every diagnostic of the bundle and its parents, UsageError where
    nothing is there.

    >>> load_bundle("prod-safety").name
    'prod-safety'
    """
    found = find_bundle(path)
    root = (found if found.is_dir() else found.parent).resolve().parent
    return _load(found, root, ())


def _load(path: Path, root: Path, children: tuple[Path, ...]) -> Bundle:
    documents = read_documents(path)
    expressions = Expressions()
    parent = _parent(documents, root, (*children, path.resolve()), expressions)
    bundle = _assemble(documents, parent, expressions)
    if expressions.problems:
        unique = dict.fromkeys(expressions.problems)
        raise BundleError(tuple(sorted(unique, key=lambda p: p.place)))
    return replace(bundle, digest=digest(bundle))


def _parent(
    documents: Documents, root: Path, chain: tuple[Path, ...], expressions: Expressions
) -> Bundle | None:
    """The bundle that `extends` names; GL034 where it cannot be one (S5)."""
    extends = documents.manifest.extends
    if extends is None:
        return None
    node = node_at(documents.tree, ("extends", "path"))
    path = (documents.folder / extends.path).resolve()
    wrong = (
        f"`{extends.path}` leads out of the bundle root"
        if not path.is_relative_to(root)
        else "a bundle cannot extend itself"
        if path in chain
        else f"more than {_DEEPEST} bundles in a chain"
        if len(chain) >= _DEEPEST
        else f"no bundle at `{extends.path}`"
        if not path.exists()
        else ""
    )
    if wrong:
        expressions.problem(node, "GL034", wrong)
        return None
    try:
        parent = _load(path, root, chain)
    except BundleError as error:
        expressions.problems.extend(error.diagnostics)
        return None
    if extends.digest not in (None, parent.digest):
        expressions.problem(
            node_at(documents.tree, ("extends", "digest")),
            "GL034",
            "the parent has another digest",
            f"it is now {parent.digest}",
        )
    return parent


def _assemble(documents: Documents, parent: Bundle | None, expressions: Expressions) -> Bundle:
    manifest = documents.manifest
    attributes = _attributes(documents, expressions)
    params = read_params(manifest.params, documents.tree, expressions)
    lookups = read_lookups(documents, expressions)
    scopes = _scopes(documents, attributes, params, lookups)
    check_keys(lookups, scopes.early, documents.tree, expressions)
    derive = read_derivations(documents, attributes, scopes.early, expressions)
    history = read_features(documents, scopes.early, expressions)
    constraints = {
        canonical_key(name, c.type): ConstraintType(_constraint_type(c.type), c.merge)
        for name, c in manifest.constraints.items()
    }
    bundle = Bundle(
        name=documents.name,
        version=manifest.version,
        digest="",
        path=documents.folder,
        policies=read_policies(documents, attributes, history, scopes.condition, expressions),
        default=_default(manifest.default),
        parent=parent,
        owner=manifest.owner,
        rationale=manifest.rationale,
        mode=Mode(manifest.mode or "enforce", manifest.until),
        params=params,
        attributes=attributes,
        risk=_risk(documents, scopes, expressions),
        history=history,
        lookups=lookups,
        derive=derive,
        order=order_steps(derive, lookups, documents.tree, expressions),
        constraints=constraints,
        groups=dict(manifest.groups),
        controls=manifest.controls,
        notes=manifest.notes,
    )
    _check_names(bundle, documents, expressions)
    return bundle


def _constraint_type(kind: str) -> Type:
    return parse_type(kind) or list_of(STRING)


def _attributes(documents: Documents, expressions: Expressions) -> dict[str, Type]:
    """The declared attributes; GL031 for a name that is taken, GL032 for a type no log can hold."""
    known = {*request_columns(), *ACTIONS, *MARKS, *_RESERVED}
    found: dict[str, Type] = {}
    for name, text in documents.manifest.attributes.items():
        at, kind = key_at(documents.tree, ("attributes", name)), parse_type(text)
        if name in known or name.startswith(("run.", "event.", "params.", "history.")):
            expressions.problem(
                at, "GL031", f"`{name}` is an attribute of every log already", "remove it"
            )
        elif not all(part.isidentifier() for part in name.split(".")):
            expressions.problem(
                at,
                "GL031",
                f"`{name}` is no attribute name",
                "names joined by dots, like `args.path`",
            )
        elif (
            kind is None
            or kind.name not in _ATTRIBUTE_TYPES
            or any(p.name not in _ATTRIBUTE_TYPES - {"list"} for p in kind.params)
        ):
            expressions.problem(
                at,
                "GL032",
                f"an attribute cannot be a {text}",
                "use bool, int, double, string, timestamp or a list of one",
            )
        else:
            found[name] = kind
    return found


def _scopes(
    documents: Documents,
    attributes: dict[str, Type],
    params: dict[str, Constant],
    lookups: tuple[Lookup, ...],
) -> Scopes:
    manifest = documents.manifest
    columns = {k.name: k.columns for k in lookups}
    keys = {k.name: tuple(dict.fromkeys(row[0] for row in k.rows)) for k in lookups}
    history = {
        name: DOUBLE if feature.sum == "cost" else INT for name, feature in manifest.history.items()
    }
    return make_scopes(attributes, columns, keys, params, history, risk=bool(manifest.risk))


def _risk(
    documents: Documents, scopes: Scopes, expressions: Expressions
) -> tuple[tuple[str, Expression], ...]:
    """The risk classes in the order written: the first that holds is the event's."""
    read = (
        (name, expressions.read(node_at(documents.tree, ("risk", name)), scopes.early))
        for name in documents.manifest.risk
    )
    return tuple((name, when) for name, when in read if when is not None)


def _default(document: DefaultDocument | None) -> Default:
    if document is None:
        return Default()
    window = document.expires_after
    return Default(
        document.decision,
        document.approvers or (),
        document.quorum,
        None if window is None else seconds(window),
        document.separation_of_duties,
        document.evidence_required,
    )


def _check_names(bundle: Bundle, documents: Documents, expressions: Expressions) -> None:
    """Names are unique in a chain, and a child cannot change its parent (S4, S5)."""
    tree = documents.tree
    if bundle.parent and documents.manifest.default:
        expressions.problem(
            key_at(tree, ("default",)),
            "GL035",
            "a bundle that extends another has no `default`",
            "the root's default holds for the whole chain",
        )
    taken = set(_RESERVED) | {n.partition(".")[0] for n in request_columns()} | set(ACTIONS)
    for lookup in bundle.lookups:
        if lookup.name in taken or lookup.name in bundle.attributes:
            expressions.problem(
                key_at(tree, ("lookups", lookup.name)),
                "GL031",
                f"`{lookup.name}` is an attribute already",
                "rename the lookup",
            )
    inherited = {
        name: section for member in bundle.chain()[:-1] for section, name in _names(member)
    }
    for section, name in _names(bundle):
        if inherited.get(name) == section:
            expressions.problem(
                key_at(tree, (section, name)),
                "GL031",
                f"`{name}` is declared by the parent already",
                "choose another name",
            )
    rules = [
        (p.name, r.id) for member in bundle.chain()[:-1] for p in member.policies for r in p.rules
    ]
    _check_ids(bundle, {p for p, _ in rules}, {r for _, r in rules}, expressions, documents)


def _names(bundle: Bundle) -> Iterator[tuple[str, str]]:
    yield from (("params", n) for n in bundle.params)
    yield from (("attributes", n) for n in bundle.attributes)
    yield from (("lookups", k.name) for k in bundle.lookups)
    yield from (("history", f.name) for f in bundle.history)
    yield from (("groups", n) for n in bundle.groups)
    yield from (("constraints", n) for n in bundle.constraints)


def _check_ids(
    bundle: Bundle,
    policies: set[str],
    rules: set[str],
    expressions: Expressions,
    documents: Documents,
) -> None:
    """Policy names and rule ids name one thing in the whole chain (GL033)."""
    for policy, source in zip(bundle.policies, documents.policies, strict=False):
        if policy.name in policies:
            expressions.problem(
                node_at(source.tree, ("name",)),
                "GL033",
                f"a second policy `{policy.name}`",
                "give it another name",
            )
        policies.add(policy.name)
        for place, rule in enumerate(policy.rules):
            if rule.id in rules:
                node = node_at(source.tree, ("rules", place, "id"))
                expressions.problem(
                    node, "GL033", f"a second rule `{rule.id}`", "give it an `id` of its own"
                )
            rules.add(rule.id)

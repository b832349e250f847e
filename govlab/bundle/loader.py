"""A folder or file -> `Bundle`, or everything that is wrong with it, each with its place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from govlab.bundle.constraints import canonical_key
from govlab.bundle.digest import digest
from govlab.bundle.documents import DefaultDocument, ManifestDocument
from govlab.bundle.expressions import Expressions
from govlab.bundle.history import read_features
from govlab.bundle.model import Bundle, ConstraintType, Default, Expression, Lookup, Mode
from govlab.bundle.names import check_ids, check_inherited, check_words, read_attributes
from govlab.bundle.params import read_params
from govlab.bundle.policies import read_policies, settable_attributes
from govlab.bundle.quantities import seconds
from govlab.bundle.scopes import Scopes, make_scopes
from govlab.bundle.sources import Documents, exists, find_bundle, inside, read_documents
from govlab.bundle.steps import check_keys, order_steps, read_derivations, read_lookups
from govlab.bundle.tree import node_at
from govlab.errors import BundleError
from govlab.lang.checker import Constant
from govlab.types import DOUBLE, INT, STRING, Type, list_of, parse_type

__all__ = ["load_bundle", "load_documents"]

_DEEPEST = 8


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
    found = load_documents(read_documents(path), root, (*children, path.resolve()))
    return replace(found, path=path)


def load_documents(documents: Documents, root: Path, chain: tuple[Path, ...] = ()) -> Bundle:
    """The bundle that `documents` are; a parent is looked for below `root`, never in `chain`.

    Raises BundleError with every diagnostic of the bundle and its parents.
    """
    expressions = Expressions(documents.problems)
    parent = _parent(documents, root, chain, expressions)
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
    found = _path(documents.folder, extends.path, root, chain)
    if isinstance(found, str):
        node = node_at(documents.tree, ("extends", "path"))
        expressions.problem(node, "GL034", found)
        return None
    try:
        parent = _load(found, root, chain)
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


def _path(folder: Path, written: str, root: Path, chain: tuple[Path, ...]) -> Path | str:
    """The parent's path, or why it cannot be a parent."""
    if inside(root, str(folder.resolve() / written)) is None:
        return f"`{written}` leads out of the bundle root"
    path = (folder / written).resolve()
    if path in chain:
        return "a bundle cannot extend itself"
    if len(chain) >= _DEEPEST:
        return f"more than {_DEEPEST} bundles in a chain"
    return path if exists(path) else f"no bundle at `{written}`"


def _assemble(documents: Documents, parent: Bundle | None, expressions: Expressions) -> Bundle:
    manifest = documents.manifest
    own = read_attributes(documents, expressions)
    attributes = {**(parent.readable() if parent else {}), **own}
    params = read_params(manifest.params, documents.tree, expressions)
    lookups = read_lookups(documents, expressions)
    scopes = _scopes(documents, attributes, params, lookups)
    check_keys(lookups, scopes.early, documents.tree, expressions)
    derive = read_derivations(documents, attributes, scopes.early, expressions)
    history = read_features(documents, scopes.early, expressions)
    settable = settable_attributes(attributes, (*history, *(parent.features() if parent else ())))
    bundle = Bundle(
        name=documents.name,
        version=manifest.version,
        digest="",
        path=documents.folder,
        policies=read_policies(documents, settable, scopes.condition, expressions),
        default=_default(manifest.default),
        parent=parent,
        owner=manifest.owner,
        rationale=manifest.rationale,
        mode=Mode(manifest.mode or "enforce", manifest.until),
        params=params,
        attributes=own,
        risk=_risk(documents, scopes, expressions),
        history=history,
        lookups=lookups,
        derive=derive,
        order=order_steps(derive, lookups, documents.tree, expressions),
        constraints=_constraints(manifest),
        groups=dict(manifest.groups),
        controls=manifest.controls,
        notes=manifest.notes,
    )
    check_words(documents, expressions)
    check_inherited(bundle, documents, expressions)
    check_ids(parent, documents, expressions)
    return bundle


def _constraints(manifest: ManifestDocument) -> dict[str, ConstraintType]:
    return {
        canonical_key(name, c.type): ConstraintType(parse_type(c.type) or list_of(STRING), c.merge)
        for name, c in manifest.constraints.items()
    }


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

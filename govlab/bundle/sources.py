"""The files of a bundle as validated documents, and where a bundle may be (policy-bundle 1, 2)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from govlab.bundle import tree
from govlab.bundle.documents import BundleDocument, ManifestDocument, PolicyDocument, validate
from govlab.bundle.tree import Mapping as TreeMapping
from govlab.bundle.yamltext import decode, read
from govlab.bundled import shipped
from govlab.errors import BundleError, Diagnostic, Place, UsageError, did_you_mean

__all__ = [
    "Documents",
    "PolicySource",
    "exists",
    "find_bundle",
    "inline_documents",
    "inside",
    "read_documents",
    "starters",
    "there",
]

_NOTHING = tree.Mapping((), 0, tree.Source("", ""))
_POLICY_KEYS = frozenset({"on", "policies", "rules"})  # of a bundle in one file


@dataclass(frozen=True, slots=True)
class PolicySource:
    """A policy document and the tree it was read from."""

    document: PolicyDocument
    tree: tree.Mapping


@dataclass(frozen=True, slots=True)
class Documents:
    """All documents of one bundle folder or file, and what is wrong with their shape.

    `broken` are policies that are no documents: their conditions can still be checked.
    """

    name: str
    folder: Path
    manifest: ManifestDocument
    tree: tree.Mapping
    policies: tuple[PolicySource, ...]
    broken: tuple[TreeMapping, ...] = ()
    problems: tuple[Diagnostic, ...] = ()


def starters() -> dict[str, Path]:
    """The bundles shipped with govlab, by name."""
    folder = shipped("policies")
    return {p.name: p for p in sorted(folder.iterdir()) if (p / "bundle.yaml").is_file()}


def find_bundle(name: str | Path) -> Path:
    """The folder or file that `name` means: a path, or a starter (`starter:NAME` where both are).

    Raises UsageError where it is neither.
    """
    text, path = str(name), there(str(name))
    wanted = text.removeprefix("starter:")
    if text.startswith("starter:") or path is None:
        known = starters()
        if wanted in known:
            return known[wanted]
        hint = did_you_mean(wanted, known) or f"starters are {', '.join(known) or 'none'}"
        raise UsageError(f"no bundle at `{text}`, and no starter of that name; {hint}")
    return path


def there(text: str) -> Path | None:
    """The existing path that `text` names, or None."""
    try:
        path = Path(text).expanduser()
    except RuntimeError:  # `~nobody`
        return None
    return path if exists(path) else None


def exists(path: Path) -> bool:
    """Whether something is at `path`; no, where it could never be a path."""
    try:
        return path.exists()
    except (OSError, ValueError):  # too long; a NUL
        return False


def inside(folder: Path, text: str) -> Path | None:
    """The path `text` from `folder`, unless it leads out of it, also by a link."""
    try:
        path = (folder / text).resolve()
        return folder / text if path.is_relative_to(folder.resolve()) else None
    except (OSError, RuntimeError, ValueError):  # too long; links in a circle; a NUL
        return None


def read_documents(path: Path) -> Documents:
    """The documents of the bundle at `path`.

    Raises BundleError where its manifest cannot be read: then no name in it is known.
    """
    problems: list[Diagnostic] = []
    found = _folder(path, problems) if path.is_dir() else _file(path, problems)
    if found is None:
        raise BundleError(tuple(problems))
    return replace(found, problems=tuple(problems))


def _trees(path: Path, problems: list[Diagnostic]) -> list[tree.Mapping]:
    """The mappings in one YAML file."""
    if not path.is_file():  # a pipe or device would never end
        problems.append(_nowhere(path, "this is no file"))
        return []
    try:
        content = path.read_bytes()
    except OSError as error:
        problems.append(_nowhere(path, f"cannot be read: {error.strerror}"))
        return []
    text, wrong = decode(content, str(path))
    documents, found = ((), wrong) if wrong else read(text, str(path))
    problems.extend(found)
    if found:
        return []
    problems.extend(
        tree.problem(d, "GL012", f"expected a mapping, found {tree.describe(d)}")
        for d in documents
        if not isinstance(d, tree.Mapping)
    )
    return [d for d in documents if isinstance(d, tree.Mapping)]


def _nowhere(path: Path, message: str, hint: str = "") -> Diagnostic:
    return Diagnostic("GL030", message, Place(str(path), 1, 1), hint)


def _folder(path: Path, problems: list[Diagnostic]) -> Documents | None:
    files = _policy_files(path / "policies", problems)
    root = _manifest_tree(path, files, problems)
    if root is None:
        return None
    manifest, found = validate(root, ManifestDocument)
    problems.extend(found)
    manifest = manifest or _manifest_alone(root)
    policies, broken = _policies(_inline(root), [])
    for file in files:
        more, wrong = _policies(_policy_trees(path, file, problems), problems)
        policies, broken = [*policies, *more], [*broken, *wrong]
    if manifest is None:
        return None
    name = manifest.name or path.resolve().name
    return Documents(name, path, manifest, root, tuple(policies), tuple(broken))


def _policy_files(folder: Path, problems: list[Diagnostic]) -> list[Path]:
    """The policy files in name order; a folder that cannot be listed would lose rules unseen."""
    try:
        entries = sorted(p for p in folder.iterdir() if not p.name.startswith("."))
    except FileNotFoundError:
        return []
    except OSError as error:
        problems.append(_nowhere(folder, f"cannot be read: {error.strerror}"))
        return []
    files = [p for p in entries if p.suffix in (".yaml", ".yml")]
    for entry in entries:
        misnamed = entry.is_dir() or entry.suffix.lower() in (".yaml", ".yml")
        if misnamed and entry not in files:
            hint = "policies are `*.yaml` files directly under `policies/`"
            problems.append(_nowhere(entry, "nothing in here would be read", hint))
    return files


def _manifest_tree(
    path: Path, files: list[Path], problems: list[Diagnostic]
) -> tree.Mapping | None:
    """The tree of `bundle.yaml`, an empty one where there is none; None where it is wrong."""
    file, misnamed = path / "bundle.yaml", path / "bundle.yml"
    if exists(misnamed):
        problems.append(_nowhere(misnamed, "this file is not read", "name it `bundle.yaml`"))
    if not exists(file):
        if files or problems:
            return _NOTHING
        hint = "a bundle has a `bundle.yaml` or a `policies/` folder"
        problems.append(_nowhere(path, "no bundle here", hint))
        return None
    before = len(problems)
    roots = _trees(file, problems)
    if len(roots) > 1:
        hint = "policies are files under `policies/`, or a list under `policies:`"
        problems.append(tree.problem(roots[1], "GL038", "a manifest is one document", hint))
    empty = _NOTHING if len(problems) == before else None
    return roots[0] if roots else empty


def _policy_trees(folder: Path, file: Path, problems: list[Diagnostic]) -> list[tree.Mapping]:
    if inside(folder, str(file.relative_to(folder))) is None:
        problems.append(_nowhere(file, "this link leads out of the bundle's folder"))
        return []
    before = len(problems)
    trees = _trees(file, problems)
    if not trees and len(problems) == before:
        problems.append(_nowhere(file, "the file is empty", "write a policy, or remove it"))
    return trees


def _manifest_alone(root: tree.Mapping) -> ManifestDocument | None:
    """The manifest in `root` without the policies beside it, which may be what is wrong."""
    entries = tuple(e for e in root.entries if e.key.text not in _POLICY_KEYS)
    return validate(tree.Mapping(entries, root.start, root.source), ManifestDocument)[0]


def _policies(
    mappings: list[tree.Mapping], problems: list[Diagnostic]
) -> tuple[list[PolicySource], list[tree.Mapping]]:
    """The policies among `mappings`, and those that are none."""
    policies, broken = [], []
    for mapping in mappings:
        document, found = validate(mapping, PolicyDocument)
        problems.extend(found)
        if document is None:
            broken.append(mapping)
        else:
            policies.append(PolicySource(document, mapping))
    return policies, broken


def _inline(root: tree.Mapping) -> list[tree.Mapping]:
    """The policies that stand in the manifest itself; validated as part of it."""
    listed = root.get("policies")
    items = listed.items if isinstance(listed, tree.Sequence) else ()
    return [item for item in items if isinstance(item, tree.Mapping)]


def _file(path: Path, problems: list[Diagnostic]) -> Documents | None:
    """A bundle in one file: one document with everything, or several policies."""
    mappings = _trees(path, problems)
    if not mappings:
        if not problems:
            problems.append(_nowhere(path, "the file is empty", "write a policy: `name`, `rules`"))
        return None
    if len(mappings) == 1:
        return _one(path, mappings[0], problems)
    policies, broken = _policies(mappings, problems)
    return Documents(
        path.stem, path.parent, ManifestDocument(), _NOTHING, tuple(policies), tuple(broken)
    )


def inline_documents(root: tree.Mapping, name: str) -> Documents:
    """The documents of a bundle that stands in no file; raises BundleError where it is none."""
    problems: list[Diagnostic] = []
    found = _one(Path(name), root, problems)
    if found is None:
        raise BundleError(tuple(problems))
    return replace(found, problems=tuple(problems))


def _one(path: Path, root: tree.Mapping, problems: list[Diagnostic]) -> Documents | None:
    document, found = validate(root, BundleDocument)
    problems.extend(found)
    manifest = document or _manifest_alone(root)
    if manifest is None:
        return None
    name = manifest.name or path.stem
    policies, broken = _policies(_inline(root), [])
    if "rules" in root:
        own = _own(name, document, root, problems)
        policies, broken = ([*policies, own], broken) if own else (policies, [*broken, root])
    return Documents(name, path.parent, manifest, root, tuple(policies), tuple(broken))


def _own(
    name: str, document: BundleDocument | None, root: tree.Mapping, problems: list[Diagnostic]
) -> PolicySource | None:
    """The policy whose rules stand beside the manifest's keys; it has the bundle's name."""
    if document is None or document.rules is None:
        return None
    probe = tree.Scalar(name, name, "plain", root.start, root.start, -1, root.source)
    key = tree.Scalar("name", "name", "plain", root.start, root.start, -1, root.source)
    named = tree.Mapping(
        (tree.Entry(key, probe), *(e for e in root.entries if e.key.text in ("on", "rules"))),
        root.start,
        root.source,
    )
    policy, found = validate(named, PolicyDocument)
    problems.extend(replace(p, hint="give the policy a `name`") for p in found)
    if policy is None:
        return None
    return PolicySource(policy.model_copy(update={"controls": document.controls}), root)

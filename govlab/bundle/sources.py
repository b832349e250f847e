"""The files of a bundle as validated documents, and where a bundle may be (policy-bundle 1, 2)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from govlab.bundle import tree
from govlab.bundle.documents import BundleDocument, ManifestDocument, PolicyDocument, validate
from govlab.bundle.yamltext import decode, read
from govlab.bundled import shipped
from govlab.errors import BundleError, Diagnostic, Place, UsageError, did_you_mean

__all__ = ["Documents", "PolicySource", "find_bundle", "read_documents", "starters"]

_NOTHING = tree.Mapping((), 0, tree.Source("", ""))


@dataclass(frozen=True, slots=True)
class PolicySource:
    """A policy document and the tree it was read from."""

    document: PolicyDocument
    tree: tree.Mapping


@dataclass(frozen=True, slots=True)
class Documents:
    """All documents of one bundle folder or file."""

    name: str
    folder: Path
    manifest: ManifestDocument
    tree: tree.Mapping
    policies: tuple[PolicySource, ...]

    def shown(self, path: Path) -> str:
        """`path` of this bundle as the user would write it."""
        return str(path)


def starters() -> dict[str, Path]:
    """The bundles shipped with govlab, by name."""
    folder = shipped("policies")
    return {p.name: p for p in sorted(folder.iterdir()) if (p / "bundle.yaml").is_file()}


def find_bundle(name: str | Path) -> Path:
    """The folder or file that `name` means: a path, or a starter (`starter:NAME` where both are).

    Raises UsageError where it is neither.
    """
    text, path = str(name), Path(name).expanduser()
    wanted = text.removeprefix("starter:")
    if text.startswith("starter:") or not path.exists():
        known = starters()
        if wanted in known:
            return known[wanted]
        hint = did_you_mean(wanted, known) or f"starters are {', '.join(known) or 'none'}"
        raise UsageError(f"no bundle at `{text}`, and no starter of that name; {hint}")
    return path


def read_documents(path: Path) -> Documents:
    """The documents of the bundle at `path`; raises BundleError with all that is wrong."""
    problems: list[Diagnostic] = []
    found = _folder(path, problems) if path.is_dir() else _file(path, problems)
    if problems or found is None:
        raise BundleError(tuple(problems))
    return found


def _trees(path: Path, problems: list[Diagnostic]) -> list[tree.Mapping]:
    """The mappings in one YAML file."""
    try:
        content = path.read_bytes()
    except OSError as error:
        problems.append(_nowhere(path, f"cannot be read: {error.strerror}"))
        return []
    text, wrong = decode(content, str(path))
    documents, found = ((), wrong) if wrong else read(text, str(path))
    problems.extend(found)
    problems.extend(
        tree.problem(d, "GL012", f"expected a mapping, found {tree.describe(d)}")
        for d in documents
        if not isinstance(d, tree.Mapping)
    )
    return [] if found else [d for d in documents if isinstance(d, tree.Mapping)]


def _nowhere(path: Path, message: str, hint: str = "") -> Diagnostic:
    return Diagnostic("GL030", message, Place(str(path), 1, 1), hint)


def _policy(mapping: tree.Mapping, problems: list[Diagnostic]) -> list[PolicySource]:
    document, found = validate(mapping, PolicyDocument)
    problems.extend(found)
    return [PolicySource(document, mapping)] if document else []


def _folder(path: Path, problems: list[Diagnostic]) -> Documents | None:
    manifest_path = path / "bundle.yaml"
    files = sorted((*path.glob("policies/*.yaml"), *path.glob("policies/*.yml")))
    if not manifest_path.is_file() and not files:
        problems.append(
            _nowhere(path, "no bundle here", "a bundle has a `bundle.yaml` or a `policies/` folder")
        )
        return None
    manifest, root = ManifestDocument(), _NOTHING
    if manifest_path.is_file():
        for root in _trees(manifest_path, problems)[:1]:
            document, found = validate(root, ManifestDocument)
            problems.extend(found)
            manifest = document or manifest
    policies = _inline(manifest, root)
    for file in files:
        for mapping in _trees(file, problems):
            policies += _policy(mapping, problems)
    return Documents(manifest.name or path.resolve().name, path, manifest, root, tuple(policies))


def _inline(manifest: ManifestDocument, root: tree.Mapping) -> list[PolicySource]:
    """The policies that stand in the manifest itself."""
    listed = root.get("policies")
    items = listed.items if isinstance(listed, tree.Sequence) else ()
    return [
        PolicySource(document, item)
        for document, item in zip(manifest.policies, items, strict=False)
        if isinstance(item, tree.Mapping)
    ]


def _file(path: Path, problems: list[Diagnostic]) -> Documents | None:
    """A bundle in one file: one document with everything, or several policies."""
    mappings = _trees(path, problems)
    if not mappings:
        if not problems:
            problems.append(_nowhere(path, "the file is empty", "write a policy: `name`, `rules`"))
        return None
    if len(mappings) > 1:
        policies = [p for mapping in mappings for p in _policy(mapping, problems)]
        return Documents(path.stem, path.parent, ManifestDocument(), _NOTHING, tuple(policies))
    document, found = validate(mappings[0], BundleDocument)
    problems.extend(found)
    if document is None:
        return None
    name = document.name or path.stem
    policies = _inline(document, mappings[0])
    if document.rules is not None:
        own = PolicyDocument(
            name=name, on=document.on, rules=document.rules, controls=document.controls
        )
        policies.append(PolicySource(own, mappings[0]))
    return Documents(name, path.parent, document, mappings[0], tuple(policies))

"""A bundle of one rule, written on the command line instead of in a file (J3)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from govlab.bundle import tree
from govlab.bundle.inference import infer_arguments
from govlab.bundle.loader import load_documents
from govlab.bundle.model import Bundle
from govlab.bundle.scopes import make_scopes
from govlab.bundle.sources import inline_documents
from govlab.errors import UsageError, did_you_mean
from govlab.lang.parser import SyntaxProblem, parse
from govlab.schema import DECISIONS

__all__ = ["DECIDABLE", "load_rule"]

DECIDABLE = ("ALLOW", "DENY", "REQUIRE_APPROVAL")
"""What one rule can decide; the other two carry settings, which a policy file holds."""

_NAME = "one-rule"
_NOBODY = "somebody"


def load_rule(
    condition: str,
    decision: str = "DENY",
    *,
    tool: Sequence[str] = (),
    action: Sequence[str] = (),
    reason: str = "",
    prefix: str = "",
) -> Bundle:
    """The bundle whose one rule gives `decision` where `condition` holds, by the same loader.

    `tool` and `action` are globs: the rule speaks of events whose tool, and whose action, match
    one of those given. `Bundle.assumptions` says what nobody wrote: the default (ALLOW, so that
    the rule is seen alone; DENY for a rule that allows), approvers, types of arguments. `prefix`
    is how the caller writes the options, for messages.

    Raises BundleError with every problem at its character, UsageError for another decision.

    >>> bundle = load_rule("args.command.contains('rm -rf')", tool=["Bash"])
    >>> bundle.assumptions[1]
    '`args.command` is read as string; a value of another type is an error'
    """
    _check(decision, prefix)
    nodes = _Nodes(prefix)
    condition = condition.strip()
    types = _arguments(condition)
    default = "DENY" if decision == "ALLOW" else "ALLOW"
    held = decision == "REQUIRE_APPROVAL"
    rule: dict[str, tree.Tree] = {
        "id": nodes.text("rule", _NAME),
        "condition": nodes.text("rule", condition),
        "decision": nodes.text("decision", decision),
        **({"reason": nodes.text("reason", reason)} if reason else {}),
        **({"approvers": nodes.texts("decision", [_NOBODY])} if held else {}),
    }
    given = {"tool": tool, "action": action}
    globs = {name: nodes.texts(name, texts) for name, texts in given.items() if texts}
    attributes = {name: nodes.text("rule", kind) for name, kind in types.items()}
    root = nodes.mapping("rule", {
        "name": nodes.text("rule", _NAME),
        "default": nodes.text("decision", default),
        **({"attributes": nodes.mapping("rule", attributes)} if attributes else {}),
        **({"on": nodes.sequence("rule", [nodes.mapping("rule", globs)])} if globs else {}),
        "rules": nodes.sequence("rule", [nodes.mapping("rule", rule)]),
    })  # fmt: skip
    bundle = load_documents(inline_documents(root, _NAME), Path())
    return replace(
        bundle, path=Path(_NAME), assumptions=tuple(_assumptions(decision, default, types))
    )


def _check(decision: str, prefix: str) -> None:
    if decision in DECIDABLE:
        return
    if decision in DECISIONS:
        raise UsageError(
            f"`{prefix}decision {decision}` needs settings of its own; write a policy file, "
            f"or use {', '.join(DECIDABLE)}"
        )
    near = did_you_mean(decision.upper(), DECIDABLE)
    raise UsageError(f"`{prefix}decision {decision}` is no decision; "
                     f"{near or 'use ' + ', '.join(DECIDABLE)}")  # fmt: skip


def _assumptions(decision: str, default: str, types: Mapping[str, str]) -> list[str]:
    rest = "goes ahead" if default == "ALLOW" else "is denied"
    said = [f"one rule has no default of its own; what it does not speak of {rest} ({default})"]
    if decision == "REQUIRE_APPROVAL":
        said.append("who approves was not said; the rule names a placeholder")
    return said + [
        f"`{name}` is read as {kind}; a value of another type is an error"
        for name, kind in types.items()
    ]


def _arguments(condition: str) -> dict[str, str]:
    """The types of the arguments that the condition reads; none where it cannot be parsed."""
    try:
        parsed = parse(condition)
    except SyntaxProblem:
        return {}  # the loader says what is wrong, and where
    scope = make_scopes({}, {}, {}, {}, {}, risk=False).condition
    return {name: str(kind) for name, kind in infer_arguments(parsed, scope).items()}


class _Nodes:
    """Makes trees whose places are the options that their values were given with."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    def source(self, option: str, text: str = "") -> tree.Source:
        return tree.Source(f"{self.prefix}{option}", text)

    def text(self, option: str, text: str) -> tree.Scalar:
        """Text as it was given; as JSON where a line break would be folded."""
        plain = "\n" not in text and "\r" not in text
        written = text if plain else json.dumps(text, ensure_ascii=False)
        source = self.source(option, written)
        return tree.Scalar(text, text, "plain" if plain else "double", 0, len(written), -1, source)

    def texts(self, option: str, texts: Sequence[str]) -> tree.Sequence:
        """A list of texts."""
        return self.sequence(option, [self.text(option, text) for text in texts])

    def mapping(self, option: str, values: Mapping[str, tree.Tree]) -> tree.Mapping:
        """A mapping; `option` is where it is said to stand."""
        entries = tuple(tree.Entry(self.text(option, k), v) for k, v in values.items())
        return tree.Mapping(entries, 0, self.source(option))

    def sequence(self, option: str, items: Sequence[tree.Tree]) -> tree.Sequence:
        """A list."""
        return tree.Sequence(tuple(items), 0, self.source(option))

"""What every page has: one HTML document that loads nothing, with its style and policy."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from govlab.report.scorecard.markup import Child, Markup, element

__all__ = ["asset", "shell"]

_POLICY = (
    "default-src 'none'; style-src 'sha256-{style}'; script-src {script}; "
    "base-uri 'none'; form-action 'none'"
)


def shell(title: str, *body: Child, script: str | None = None) -> str:
    """The document of `body`; with `script`, its text runs and no other.

    >>> shell("A page", element("p", "<b>")).splitlines()[0]
    '<!doctype html>'
    """
    style = asset("page.css")
    allowed = "'none'" if script is None else f"'sha256-{_digest(script)}'"
    policy = _POLICY.format(style=_digest(style), script=allowed)
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        element("style", Markup(style)),
    )
    run = None if script is None else element("script", Markup(script))
    return (
        f"<!doctype html>\n{element('html', head, element('body', *body, run), lang='en').text}\n"
    )


def asset(name: str) -> str:
    """The text of a file beside this one."""
    return (files("govlab.report.scorecard") / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

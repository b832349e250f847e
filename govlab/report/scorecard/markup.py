"""HTML built of elements: text is escaped where it enters, so that no text is ever markup."""

from __future__ import annotations

import html
from dataclasses import dataclass

from govlab.report.text import clean

__all__ = ["Child", "Markup", "element", "joined"]

_VOID = frozenset({"meta", "input", "br", "hr"})


@dataclass(frozen=True, slots=True)
class Markup:
    """HTML as it stands in the page: nothing in it is escaped again."""

    text: str


Child = Markup | str | int | None


def element(tag: str, *children: Child, **attributes: str | int | bool | None) -> Markup:
    """One element. Names of attributes have `_` for `-`, and one at the end where Python needs it.

    Text is escaped, its controls written out, and no line ends before a `%`; None is nothing,
    True a bare attribute.

    >>> element("td", "<b>", class_="n", data_sort=3).text
    '<td class="n" data-sort="3">&lt;b&gt;</td>'
    """
    named = "".join(
        f" {_name(name)}" if value is True else f' {_name(name)}="{_escaped(value)}"'
        for name, value in attributes.items()
        if value is not None and value is not False
    )
    if tag in _VOID:
        return Markup(f"<{tag}{named}>")
    return Markup(f"<{tag}{named}>{joined(*children).text}</{tag}>")


def joined(*children: Child) -> Markup:
    """Several children without an element around them."""
    return Markup("".join(map(_text, children)))


def _text(child: Child) -> str:
    match child:
        case None:
            return ""
        case Markup(text):
            return text
        case _:
            return _escaped(child).replace(" %", "\N{NO-BREAK SPACE}%")


def _escaped(value: str | int) -> str:
    return html.escape(clean(value))


def _name(name: str) -> str:
    return name.rstrip("_").replace("_", "-")

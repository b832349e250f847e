"""The HTML page: complete, safe, loads nothing, the same bytes each time."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from govlab.report.scorecard import Sheet, page, sheet_fragment
from tests.report.scorecard.documents import HOSTILE, UNKNOWN, document


class Read(HTMLParser):
    """The elements of a page: tag, attributes and the text inside, in their order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "input", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag  # what opens closes, in its order

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def text(self, tag: str) -> str:
        return "".join(text for inside, text in self.texts if inside == tag)


@pytest.fixture(scope="module")
def html() -> str:
    return page(Sheet.of(document()))


@pytest.fixture(scope="module")
def read(html: str) -> Read:
    return Read(html)


def test_elements_are_balanced(read: Read) -> None:
    assert not read.open
    assert len(read.all("table")) > 7


def test_nothing_is_loaded(read: Read) -> None:
    links = [a.get(name) for _, a in read.elements for name in ("href", "src", "action", "data")]
    assert all(link.startswith("#") for link in links if link)
    assert not {"img", "iframe", "link", "object", "embed"} & {tag for tag, _ in read.elements}
    assert "@import" not in read.text("style")
    assert "url(" not in read.text("style")


def test_the_policy_names_the_one_script_and_the_one_style(read: Read) -> None:
    (policy,) = [a["content"] for a in read.all("meta") if a.get("http-equiv")]
    assert policy is not None
    for tag in ("script", "style"):
        assert len(read.all(tag)) == 1
        digest = base64.b64encode(hashlib.sha256(read.text(tag).encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")


def test_no_attribute_runs_or_styles_and_hostile_text_is_text(html: str, read: Read) -> None:
    names = {name for _, attributes in read.elements for name in attributes}
    assert not [name for name in names if name.startswith("on") or name == "style"]
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert HOSTILE[0] in read.text("th")  # read back, it is the text that the log has


def test_every_figure_says_all_it_has(html: str, read: Read) -> None:
    shown = "".join(text for _, text in read.texts).replace("\N{NO-BREAK SPACE}", " ")
    for figure in document()["figures"]:
        for key in ("id", "question", "sentence", "why", "next_step"):
            assert figure[key] in shown
    unknown = [f["unknown"] for f in document()["figures"] if f["id"] in UNKNOWN]
    assert all(f">{number}</td>" in html for number in unknown)


def test_the_first_section_has_what_a_reader_needs_first(html: str) -> None:
    first = html[html.index('id="first"') : html.index('id="decisions"')]
    assert re.search(r"Maturity level \d of 4", first)
    chips = first[first.index('<ul class="chips">') : first.index("</ul>")]
    assert chips.count("<li>") == 5
    for said in ("round the control", "id e1", "over the limit",
                 "With action_sha256: How many approvals"):  # fmt: skip
        assert said in first


def test_headings_tables_and_anchors_are_in_order(read: Read) -> None:
    levels = [int(tag[1]) for tag, _ in read.elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert len(read.all("caption")) == len(read.all("table"))
    assert all(a.get("scope") in ("row", "col") for a in read.all("th"))
    ids = [a["id"] for _, a in read.elements if a.get("id")]
    assert len(ids) == len(set(ids))
    assert {a["href"].removeprefix("#") for a in read.all("a") if a["href"]} <= set(ids)
    assert read.all("html") == [{"lang": "en"}]


def test_charts_are_inline_with_a_label_and_the_pages_own_ink(read: Read) -> None:
    drawn = read.all("svg")
    assert len(drawn) == len(read.all("figure")) >= 6
    assert all(a["role"] == "img" and (a["aria-label"] or "").endswith("numbers.") for a in drawn)
    assert "currentColor" in {a.get("fill") for a in read.all("text")}
    titles = read.text("figcaption")
    assert titles.count("?") == len(drawn)


def test_without_targets_nothing_passes_or_fails() -> None:
    plain = page(Sheet.of(document(judged=False)))
    assert "No targets were given, so nothing passes or fails" in plain
    body = plain[plain.index("<main") :]
    assert not re.search(r'class="status (pass|warn|fail)"', body)


def test_a_level_that_is_unknown_says_so() -> None:
    bare = document() | {"maturity": {"level": None, "reason": "no <criteria>"}}
    said = page(Sheet.of(bare))
    assert "Maturity level unknown: no &lt;criteria&gt;" in said
    assert 'class="ladder"' not in said


def test_a_small_scorecard_leaves_out_what_it_lacks() -> None:
    full = document(cuts={})
    small = {key: full[key] for key in ("scope", "figures", "cuts", "maturity")}
    read = Read(page(Sheet.of(small)))
    ids = {a.get("id") for a in read.all("h2")}
    assert {"first", "decisions", "operations", "sources", "methods"} <= ids
    assert not {"cuts", "compared", "projected"} & ids


def test_a_cut_that_the_log_does_not_record_is_a_sentence() -> None:
    said = page(Sheet.of(document(cuts={"tenant": (None,), "tool": ("a", None)})))
    assert "The log does not record `tenant`." in said
    assert "By tenant: the main figures" not in said
    assert "not recorded" in said[said.index("By tool: the main figures") :]


def test_what_is_unknown_leaves_room_on_the_first_page() -> None:
    full = document()
    many = [{"column": f"c{n:02}", "answers": [UNKNOWN[1]], "helps": []} for n in range(30)]
    said = page(Sheet.of(full | {"unknown": full["unknown"] | {"columns": many}}))
    shown = re.findall(r"<li>With c(\d\d): ", said)
    assert shown == [f"{n:02}" for n in range(12)]
    assert "And 19 lines more: " in said  # 18 columns, and what nobody has checked


def test_a_cut_with_one_value_is_a_sentence() -> None:
    said = page(Sheet.of(document(cuts={"tenant": ("acme <b>",), "tool": ("a", "b")})))
    assert "All is of `acme &lt;b&gt;`." in said
    assert "By tenant: the main figures" not in said


def test_no_line_ends_before_a_percent_sign(read: Read) -> None:
    prose = [text for tag, text in read.texts if tag not in ("script", "style", "text")]
    assert not [text for text in prose if " %" in text]
    assert [text for text in prose if "\N{NO-BREAK SPACE}%" in text]


def test_money_is_no_count() -> None:
    rows = [row for row in Sheet.of(document()).rows if row.unit == "micro-USD"]
    assert rows
    assert all("USD" in row.shown and row.counted == "-" for row in rows)


def test_same_inputs_same_bytes_whatever_the_process(tmp_path: Path, html: str) -> None:
    (tmp_path / "card.json").write_text(json.dumps(document()), encoding="utf-8")
    program = (
        "import json, sys; from govlab.report.scorecard import Sheet, page; "
        "sys.stdout.buffer.write(page(Sheet.of(json.load(open('card.json')))).encode())"
    )
    seeded = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=seeded, capture_output=True, check=True
    )
    assert done.stdout.decode() == html


def test_a_notebook_shows_a_fragment_without_script() -> None:
    read = Read(sheet_fragment(Sheet.of(document())))
    assert not read.all("script")
    assert not read.all("style")
    board = [f for f in document()["figures"] if f["board"]]
    assert len(read.all("tr")) == len(board) + 1


def _hostile(value: Any) -> Any:
    match value:
        case str():
            return value + HOSTILE[0] + '" onload="x'
        case dict():
            return {key: _hostile(inner) for key, inner in value.items()}
        case list():
            return [_hostile(inner) for inner in value]
        case _:
            return value


def test_no_text_of_the_document_is_ever_markup(read: Read) -> None:
    safe = ("tz", "oldest", "newest", "as_of")
    full = document()
    bad = _hostile({key: full[key] for key in ("findings", "unknown", "scope")})
    bad["scope"] |= {key: full["scope"][key] for key in safe}
    bad["findings"] = [
        found | {"id": real["id"]}
        for found, real in zip(bad["findings"], full["findings"], strict=True)
    ]
    hostile = Read(page(Sheet.of(full | bad)))
    assert len(hostile.all("script")) == 1
    assert {name for _, a in hostile.elements for name in a} == {
        name for _, a in read.elements for name in a
    }

"""The page in a real browser: offline, silent, accessible in both themes, sorted by keyboard.

Chromium is the system's, driven by Playwright; axe-core is the file that GOVLAB_AXE names. Where
one is absent these tests skip, saying so; with GOVLAB_BROWSER=required they fail instead.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from govlab.report.scorecard import Sheet, page
from tests.report.scorecard.documents import document

pytestmark = pytest.mark.slow
THEMES = ("light", "dark")


def lacking(what: str) -> None:
    """Skips, or fails where the browser is required."""
    if os.environ.get("GOVLAB_BROWSER") == "required":
        pytest.fail(f"{what}, and GOVLAB_BROWSER=required")
    pytest.skip(f"{what}: the page is not opened in a browser")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if find_spec("playwright") is None:
        lacking("Playwright is not installed (extra `test`)")
    if program is None:
        lacking("there is no `chromium` on the path")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # skipped where it is absent

    with sync_playwright() as driver:
        # a container's root has no sandbox to give; the page is our own
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        started = driver.chromium.launch(executable_path=program, args=sandbox)
        yield started
        started.close()


@pytest.fixture(scope="module")
def axe() -> str:
    path = Path(os.environ.get("GOVLAB_AXE", "axe.min.js"))
    if not path.is_file():
        lacking("GOVLAB_AXE names no axe.min.js (npm: axe-core)")
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "card.html"
    path.write_text(page(Sheet.of(document())), encoding="utf-8")
    return path


class Opened:
    """A page in a browser that has no network, and what it asked for and complained of."""

    def __init__(self, browser: Any, file: Path, **settings: Any) -> None:
        self.context = browser.new_context(offline=True, **settings)
        self.page = self.context.new_page()
        self.asked: list[str] = []
        self.said: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.goto(file.as_uri())

    def column(self, table: str, at: int) -> list[str]:
        """The texts of one column of the rows that are shown."""
        rows = f"{table} tbody tr:not([hidden]) > :nth-child({at})"
        texts: list[str] = self.page.locator(rows).all_inner_texts()
        return texts


@pytest.fixture
def opened(browser: Any, file: Path, request: pytest.FixtureRequest) -> Iterator[Opened]:
    found = Opened(browser, file, **getattr(request, "param", {}))
    yield found
    found.context.close()


@pytest.mark.parametrize("opened", [{"color_scheme": theme} for theme in THEMES], indirect=True)
def test_it_opens_offline_asks_for_nothing_and_is_silent(opened: Opened, file: Path) -> None:
    opened.page.wait_for_load_state("networkidle")
    assert opened.asked == [file.as_uri()]
    assert opened.said == []
    assert opened.page.title() == "Scorecard of agent governance"


@pytest.mark.parametrize("opened", [{"color_scheme": theme} for theme in THEMES], indirect=True)
def test_axe_finds_nothing_wrong(opened: Opened, axe: str) -> None:
    opened.page.evaluate(axe)
    found = opened.page.evaluate("axe.run(document)")
    wrong = [(v["impact"], v["id"], v["nodes"][0]["html"]) for v in found["violations"]]
    assert wrong == []
    assert len(found["passes"]) > 20
    unsure = {v["id"] for v in found["incomplete"] if v["impact"] in ("serious", "critical")}
    assert unsure <= {"color-contrast"}  # text over a chart's bars, which axe cannot measure


def test_the_themes_differ_and_print_is_light(browser: Any, file: Path) -> None:
    paper = []
    for media, theme in (("screen", "light"), ("screen", "dark"), ("print", "dark")):
        opened = Opened(browser, file, color_scheme=theme)
        opened.page.emulate_media(media=media, color_scheme=theme)
        paper.append(opened.page.evaluate("getComputedStyle(document.body).backgroundColor"))
        if media == "print":
            assert not opened.page.locator("nav").is_visible()
            assert not opened.page.locator(".filter").first.is_visible()
        opened.context.close()
    assert paper[0] == paper[2] == "rgb(255, 255, 255)"
    assert paper[1] != paper[0]


def test_it_prints(opened: Opened) -> None:
    assert opened.page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def test_a_table_is_sorted_by_keyboard_alone(opened: Opened) -> None:
    table = "section[aria-labelledby=decisions] table"
    before = opened.column(table, 2)
    button = opened.page.locator(f"{table} th:nth-child(2) button")
    for _ in range(200):
        if button.evaluate("b => b === document.activeElement"):
            break
        opened.page.keyboard.press("Tab")
    assert button.evaluate("b => b === document.activeElement")
    opened.page.keyboard.press("Enter")
    up = shares(opened.column(table, 2))
    assert up == sorted(up)
    assert opened.column(table, 2)[-1] == "unknown"  # whatever the order, it is last
    opened.page.keyboard.press("Space")
    down = shares(opened.column(table, 2))
    assert down == sorted(up, reverse=True)
    assert opened.column(table, 2)[-1] == "unknown"
    assert sorted(opened.column(table, 2)) == sorted(before)
    head = opened.page.locator(f"{table} th:nth-child(2)")
    assert head.get_attribute("aria-sort") == "descending"
    assert opened.page.locator("[role=status]").first.inner_text().endswith("descending")


def shares(texts: list[str]) -> list[float]:
    return [float(text.removesuffix("\N{NO-BREAK SPACE}%")) for text in texts if text != "unknown"]


def test_rows_are_filtered_and_counted(opened: Opened) -> None:
    table = "section[aria-labelledby=approvals] table"
    whole = len(opened.column(table, 1))
    opened.page.locator("section[aria-labelledby=approvals] input").fill("SELF_approval")
    assert len(opened.column(table, 1)) == 1
    said = opened.page.locator("section[aria-labelledby=approvals] [role=status]").inner_text()
    assert said == f"1 of {whole} rows shown"
    few = opened.page.locator("section[aria-labelledby=projected] input")
    assert (few.count(), few.is_visible()) == (1, False)


@pytest.mark.parametrize("opened", [{"java_script_enabled": False}], indirect=True)
def test_without_script_all_is_there_and_nothing_is_dead(opened: Opened) -> None:
    figures = opened.page.locator("table.figures tbody tr")
    assert figures.count() == len(document()["figures"]) + 3  # and those projected
    assert figures.first.is_visible()
    assert opened.page.locator("button, input").count() == 0


@pytest.mark.parametrize("opened", [{"viewport": {"width": 360, "height": 700}}], indirect=True)
def test_on_a_phone_only_tables_and_charts_scroll_sideways(opened: Opened) -> None:
    wide = opened.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 360


@pytest.mark.parametrize("opened", [{"viewport": {"width": 360, "height": 700}}], indirect=True)
def test_on_a_phone_the_text_of_charts_can_be_read(opened: Opened) -> None:
    sizes = opened.page.evaluate("""[...document.querySelectorAll('figure svg')].map(svg => {
        const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width
        const texts = [...svg.querySelectorAll('text')]
        return scale * Math.min(...texts.map(text => parseFloat(getComputedStyle(text).fontSize)))
    })""")
    assert len(sizes) > 3
    assert min(sizes) >= 10


@pytest.mark.parametrize("opened", [{"viewport": {"width": 360, "height": 700}}], indirect=True)
def test_on_a_phone_all_of_a_figure_is_on_the_page(opened: Opened) -> None:
    edges = opened.page.evaluate("""[...document.querySelectorAll('table.figures td')].map(
        cell => cell.getBoundingClientRect().right)""")
    assert len(edges) > 100
    assert max(edges) <= 360


@pytest.mark.parametrize("opened", [{"viewport": {"width": 360, "height": 700}}], indirect=True)
def test_on_a_phone_captions_are_read_without_scrolling(opened: Opened) -> None:
    edges = opened.page.evaluate("""[...document.querySelectorAll('caption')].map(
        caption => caption.getBoundingClientRect().right)""")
    assert len(edges) > 7
    assert max(edges) <= 360

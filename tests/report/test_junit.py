"""JUnit XML of case results: well-formed whatever a case is called."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from govlab.bundle.cases import CaseDocument, WantDocument
from govlab.cases import Case, Result
from govlab.errors import Place
from govlab.plan import Decision
from govlab.report.junit import junit


def result(title: str, *differences: tuple[str, Any, Any], file: str = "c.yaml") -> Result:
    document = CaseDocument(title=title, event={}, want=WantDocument())
    return Result(Case(document, Place(file, 3, 1)), Decision("DENY", "decided"), differences)


def parsed(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)  # noqa: S314 - written here


def test_failures_say_what_was_wanted_and_got() -> None:
    suite = parsed(
        junit("b", [result("one"), result("two", ("rule", "p/1", "p/2"), ("reason", None, "x"))])
    )
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    one, two = suite.findall("testcase")
    assert one.find("failure") is None
    assert (two.get("name"), two.get("file"), two.get("line")) == ("two", "c.yaml", "3")
    failure = two.find("failure")
    assert failure is not None
    assert failure.text == "rule: wanted 'p/1', got 'p/2'\nreason: wanted None, got 'x'"


@given(st.text(), st.text(), st.text(min_size=1))
def test_any_words_give_well_formed_xml(title: str, value: str, file: str) -> None:
    text = junit(title, [result(title, ("reason", value, value + "x"), file=file)])
    assert parsed(text.encode("utf-8").decode("utf-8")).get("failures") == "1"

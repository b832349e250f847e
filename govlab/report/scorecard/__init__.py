"""The scorecard's report: HTML, Markdown, Prometheus, XLSX, charts; two of them compared."""

from govlab.report.scorecard.book import write_book
from govlab.report.scorecard.difference import difference_text
from govlab.report.scorecard.drawing import assets
from govlab.report.scorecard.markdown import sheet_markdown
from govlab.report.scorecard.notebook import sheet_fragment
from govlab.report.scorecard.page import page
from govlab.report.scorecard.pictures import named
from govlab.report.scorecard.prometheus import sheet_prometheus
from govlab.report.scorecard.sheet import Sheet

__all__ = [
    "Sheet",
    "assets",
    "difference_text",
    "named",
    "page",
    "sheet_fragment",
    "sheet_markdown",
    "sheet_prometheus",
    "write_book",
]

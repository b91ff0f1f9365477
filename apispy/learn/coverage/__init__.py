"""Which parts of Docker's API the calls of a capture touch, of all that one API version describes."""

from apispy.learn.coverage.as_html import html_page
from apispy.learn.coverage.as_json import baseline_of, report_json
from apispy.learn.coverage.as_markdown import markdown_lines
from apispy.learn.coverage.as_text import report_lines
from apispy.learn.coverage.collect import Coverage
from apispy.learn.coverage.report import Baseline, Report

__all__ = [
    "Baseline",
    "Coverage",
    "Report",
    "baseline_of",
    "html_page",
    "markdown_lines",
    "report_json",
    "report_lines",
]

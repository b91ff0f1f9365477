"""A coverage report as one HTML page without scripts and without anything from elsewhere."""

from collections.abc import Iterator
from html import escape

from apispy.learn.coverage.as_text import HEADINGS, cells, heading, percent, remarks
from apispy.learn.coverage.report import ASPECTS, OperationCoverage, Part, Report
from apispy.learn.wording import count

_STYLE = """
body { font: 15px/1.4 system-ui, sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em; color: #222 }
table { border-collapse: collapse; margin: 1em 0 } th, td { padding: .2em .8em; text-align: right }
th { border-bottom: 2px solid #888 } tr:last-child td { border-top: 1px solid #888; font-weight: bold }
th:first-child, td:first-child { text-align: left } details { margin: .2em 0; padding-left: .6em }
summary { cursor: pointer } .full { border-left: 4px solid #2a7 } .part { border-left: 4px solid #db3 }
.none { border-left: 4px solid #d55 } code { background: #eee; padding: 0 .2em } .missing code { background: #fdd }
@media (prefers-color-scheme: dark) { body { background: #1b1b1b; color: #ddd } code { background: #333 }
.missing code { background: #522 } }
"""


def html_page(report: Report) -> str:
    """Return the page: the table by tag, then each operation with what is covered and what is missing."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    yield f"<title>Coverage of Docker's API {report.version}</title><style>{_STYLE}</style></head><body>"
    yield f"<h1>Coverage of Docker's API</h1><p>{escape(heading(report))}</p>"
    yield f"<table><tr>{''.join(f'<th>{escape(name)}</th>' for name in HEADINGS)}</tr>"
    for tally in report.tallies:
        yield f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells(tally))}</tr>"
    yield "</table>"
    for tag in dict.fromkeys(row.operation.tag for row in report.rows):
        yield f"<h2>{escape(tag)}</h2>"
        for row in report.rows:
            if row.operation.tag == tag:
                yield from _operation(row)
    for title, names in remarks(report):
        yield f"<h2>{escape(title)}</h2><p>{escape(', '.join(names))}</p>"
    yield "</body></html>"


def _operation(row: OperationCoverage) -> Iterator[str]:
    parts = [row.part(aspect) for aspect in ASPECTS]
    covered, total = sum(len(part.covered) for part in parts), sum(part.total for part in parts)
    state = "none" if not row.calls else "full" if covered == total else "part"
    calls = count(row.calls, "call")
    about = (
        f"{calls}, {percent(covered, total)} of parameters, fields and statuses"
        if row.calls
        else "not covered"
    )
    yield f'<details class="{state}"><summary><b>{row.operation.id}</b> {about}</summary>'
    yield f"<p><code>{row.operation.method} {escape(row.operation.path)}</code> {escape(row.operation.does)}</p>"
    for aspect, part in zip(ASPECTS, parts, strict=True):
        yield from _part(aspect, part)
    yield "</details>"


def _part(aspect: str, part: Part) -> Iterator[str]:
    for names, state in ((part.covered, "covered"), (part.missing, "missing")):
        if names:
            listed = " ".join(f"<code>{escape(name)}</code>" for name in names)
            yield f'<p class="{state}">{aspect} {state}: {listed}</p>'

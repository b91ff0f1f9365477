"""A coverage report as Markdown, for the summary of a job of GitHub Actions (``$GITHUB_STEP_SUMMARY``)."""

from apispy.learn.coverage.as_text import HEADINGS, cells, heading, not_covered, remarks
from apispy.learn.coverage.report import Report


def markdown_lines(report: Report) -> list[str]:
    """Return the lines of the summary: the table, and what is not covered in a part that opens on a click."""
    rows = [f"| {' | '.join(cells(tally))} |" for tally in report.tallies]
    lines = [
        f"### {heading(report)}",
        "",
        f"| {' | '.join(HEADINGS)} |",
        f"| --- {'| ---: ' * (len(HEADINGS) - 1)}|",
        *rows,
    ]
    uncovered = not_covered(report)
    if uncovered:
        lines += ["", "<details><summary>Not covered</summary>", "", "| tag | operations |", "| --- | --- |"]
        lines += [f"| {tag} | {', '.join(names)} |" for tag, names in uncovered]
        lines += ["", "</details>"]
    for title, names in remarks(report):
        lines += ["", f"**{title}:** {', '.join(names)}"]
    return lines

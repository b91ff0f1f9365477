"""``apispy view``: look at a capture in a browser."""

from pathlib import Path

import click

from apispy.app.messages import info, info_line
from apispy.cli.help import Command, option
from apispy.cli.options import FILE, parse_filter
from apispy.cli.progress import Progress


@click.command(cls=Command, short_help="Look at a capture in a browser: waterfall, table, contents.")
@click.argument("file", type=FILE)
@option("--no-browser", is_flag=True, help="Only print the address of the page.")
@option("--filter", "expression", metavar="EXPR", help="Show only the calls that match.")
@option("--compare", type=FILE, metavar="FILE", help="Also show what differs from the calls of this capture.")
@option("--show-secrets", is_flag=True, help="Include the secrets that the capture contains.")
def command(
    file: Path, no_browser: bool, expression: str | None, compare: Path | None, show_secrets: bool
) -> int:
    """Serve a page with the calls of the capture FILE on this machine, and open it in a browser, until Ctrl-C.

    FILE is a capture, or any file that `apispy import` reads. The page is the one that `apispy export --to html` writes
    to a file. Only the first browser that opens the address sees it.

    \b
    apispy view calls.jsonl
    apispy view --no-browser calls.jsonl
    apispy view --compare before.jsonl after.jsonl
    """
    from apispy.app.page_server import make_page, serve_page

    def ready(url: str, opens: bool) -> None:
        info("opening the page in a browser; Ctrl-C ends this. If none opens, its address is, once:" if opens
             else "the page is at this address, once; Ctrl-C ends this:")  # fmt: skip
        info_line(f"  {url}")

    page = make_page(
        file,
        show_secrets=show_secrets,
        call_filter=parse_filter(expression),
        compared=compare,
        progress=Progress,
    )
    serve_page(page, ready, browser=not no_browser)
    return 0

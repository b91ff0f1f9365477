"""The calls in a file: a capture of apispy's, or what another program recorded."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from apispy.importers import Imported
    from apispy.model import Exchange
    from apispy.outputs import Reading
    from apispy.pipeline import Notes

FORMATS = ("pcap", "socat", "har", "flows")
"""Those of other programs, as --from takes them."""


def imported(file: Path, form: str | None = None, *, port: int = 0, limit: int = 1 << 20) -> "Imported":
    """The calls in *file*, whose format is *form*, or told by its content. Raises ApispyError."""
    from apispy import importers

    form = form or importers.recognise(file)
    if form == "flows":
        from apispy.proxy import flow_files  # noqa: F401  # mitmproxy: 0.5 s of imports; it registers itself
    return importers.read(file, form, importers.Settings(port, limit))


def say_notices(found: "Imported") -> None:
    """On standard error, what is to be said of the file besides its calls."""
    from apispy.outputs.safe import escape

    for notice in found.notices:
        click.echo(f"apispy: {escape(notice)}", err=True)


def readings(
    exchanges: "tuple[Exchange, ...]", *, show_secrets: bool = False, notes: "Notes" = "off"
) -> "list[Reading]":
    """Each call read as the live way would have read it."""
    from apispy.learn import Memory
    from apispy.pipeline import read

    memory = Memory()
    return [read(exchange, memory, show_secrets=show_secrets, notes=notes) for exchange in exchanges]

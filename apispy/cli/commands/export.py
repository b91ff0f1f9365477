"""``apispy export``: the calls of a capture, in a form for another program or person."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from apispy.app.input_files import whole_or_none
from apispy.app.messages import info
from apispy.cli.options import FILE
from apispy.cli.progress import Progress
from apispy.errors import ApispyError, UsageError

if TYPE_CHECKING:
    from apispy.outputs import DecodedCall
    from apispy.outputs.exports import Exporter


class _Listing(click.Command):
    """Its help lists the formats that there are."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Formats"):
            formatter.write_dl(
                [(one.name, f"{one.description} ({one.suffix})") for one in _formats().values()]
            )


@click.command(
    cls=_Listing, short_help="Write the calls of a capture as curl, Python, HAR, pcapng, Markdown, ..."
)
@click.argument("file", type=FILE)
@click.option("--to", "name", metavar="FORMAT", help="One of those below.  [default: by the name of OUT]")
@click.option("-o", "--output", type=FILE, metavar="OUT",
              help="The file to write (0600); without it standard output.")  # fmt: skip
@click.option("--force", is_flag=True, help="Replace OUT if it is there.")
@click.option("--show-secrets", is_flag=True, help="Do not hide what the capture holds of secrets.")
def command(file: Path, name: str | None, output: Path | None, force: bool, show_secrets: bool) -> int:
    """Write the calls in the capture FILE ("-" is standard input) in a form for another program or person.

    \b
    apispy export calls.jsonl --to curl -o again.sh
    apispy export calls.jsonl -o calls.har
    apispy export calls.jsonl --to pcapng | tshark -r - -d tcp.port==2375,http
    """
    exporter = _chosen(name, output)
    if output is None and exporter.binary and _is_terminal():
        raise UsageError(
            f"{exporter.name} is not for a terminal. Type -o calls{exporter.suffix}, or pipe it on."
        )
    if output is not None and output.exists() and file.exists() and output.samefile(file):
        raise UsageError(f"--output {output} is the capture itself. Name another file.")
    with Progress(str(file), sys.stdout if output is None else None) as progress:
        return _export(_readings(file, show_secrets, progress.reached), exporter, output, force)


def _export(readings: "Iterator[DecodedCall]", exporter: "Exporter", output: Path | None, force: bool) -> int:
    readings = chain(list(islice(readings, 1)), readings)  # what is no capture is told before OUT is made
    if output is None:
        _write(exporter, readings, sys.stdout.buffer)
        return 0
    stream = _created(output, force)
    with whole_or_none(output):
        try:
            _write(exporter, readings, stream)
        finally:
            with suppress(OSError):  # what _write could not write cannot be written now
                stream.close()
    return 0


def _is_terminal() -> bool:
    return sys.stdout.isatty()


def _formats() -> "dict[str, Exporter]":
    import apispy.proxy.export_flow  # noqa: F401  (it registers itself)
    from apispy.outputs.exports import EXPORTERS

    return dict(sorted(EXPORTERS.items()))


def _chosen(name: str | None, output: Path | None) -> "Exporter":
    from apispy.outputs.exports import for_file

    known = _formats()
    if name is not None:
        if name not in known:
            raise UsageError(f"--to {name}: no such format. There are {', '.join(known)}.")
        return known[name]
    found = for_file(output.name) if output else None
    if found is None:
        why = f"--output {output} does not tell the format" if output else "No format is named"
        raise UsageError(f"{why}. Type --to and one of {', '.join(known)}.")
    return found


def _readings(file: Path, show_secrets: bool, reached: Callable[[float], None]) -> "Iterator[DecodedCall]":
    """The calls of the capture, redacted unless they are already or shall not be."""
    from apispy import pipeline
    from apispy.capture import Header, read_lines
    from apispy.learn import NameRegistry
    from apispy.model import Exchange
    from apispy.redaction import Policy, Redactor

    memory, redactor = NameRegistry(), Redactor()
    for _, line in read_lines(file, info, progress=reached):
        if isinstance(line, Header):
            memory = NameRegistry()
            redactor = Redactor(Policy(show_secrets=show_secrets or line.redacted))
        elif isinstance(line, Exchange):
            yield pipeline.read(line, memory, redactor=redactor)


def _created(output: Path, force: bool) -> BinaryIO:
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | (os.O_TRUNC if force else os.O_EXCL)
    try:
        descriptor = os.open(output, flags, 0o600)
        os.fchmod(descriptor, 0o600)
    except FileExistsError:
        raise UsageError(f"--output {output} is there already. Type --force to replace it.") from None
    except OSError as error:
        raise ApispyError(f"--output {output}: {error.strerror}; name a file that you may write") from error
    return open(descriptor, "wb")


def _write(exporter: "Exporter", readings: "Iterable[DecodedCall]", stream: BinaryIO) -> None:
    try:
        for piece in exporter.export(readings):
            stream.write(piece if isinstance(piece, bytes) else piece.encode("utf-8", "backslashreplace"))
        stream.flush()
    except BrokenPipeError:
        raise  # click ends quietly
    except OSError as error:
        raise ApispyError(
            f"cannot write the export: {error.strerror}; make room, or name another file"
        ) from error

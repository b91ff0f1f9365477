"""An export: the calls of a capture, written in another program's format."""

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from apispy import system
from apispy.app.decoded_calls import decode_file
from apispy.app.output_files import remove_on_failure
from apispy.app.progress import NoProgress, StartProgress
from apispy.errors import ApispyError, UsageError

if TYPE_CHECKING:
    from apispy.capture import Header
    from apispy.model import Exchange
    from apispy.outputs.exports import Exporter
    from apispy.outputs.filtered import CallFilter


def exporters() -> "dict[str, Exporter]":
    """Return all exporters by name."""
    import apispy.app.page
    import apispy.proxy.export_flow  # noqa: F401  (they register themselves)
    from apispy.outputs.exports import EXPORTERS

    return dict(sorted(EXPORTERS.items()))


def choose_exporter(name: str | None, output: Path | None) -> "Exporter":
    """Return the exporter called *name*, or the one for the file name *output*. Raises UsageError."""
    from apispy.outputs.exports import for_file

    known = exporters()
    if name is not None:
        if name not in known:
            raise UsageError(f"--to {name}: no such format. The formats are {', '.join(known)}.")
        return known[name]
    found = for_file(output.name) if output else None
    if found is None:
        why = f"--output {output}: the name matches no format" if output else "No format is given"
        raise UsageError(f"{why}. Type --to and one of {', '.join(known)}.")
    return found


def export(
    file: Path,
    exporter: "Exporter",
    output: Path | None,
    *,
    force: bool,
    show_secrets: bool,
    call_filter: "CallFilter | None" = None,
    progress: StartProgress = NoProgress,
) -> None:
    """Write the calls of the capture *file* to *output*, or to standard output. *force* replaces an existing file.

    With *call_filter*, only the calls that match are written. Raises ApispyError.
    """
    if output is not None and output.exists() and file.exists() and output.samefile(file):
        raise UsageError(f"--output {output} is the capture itself. Name another file.")
    notices: list[tuple[float, str]] = []
    with progress(str(file), sys.stdout if output is None else None) as bar:
        readings = decode_file(
            file,
            show_secrets=show_secrets,
            reached=bar.reached,
            adapt=with_https if exporter.has_urls else None,
            notes="on",
            notice=lambda at, text: notices.append((at, text)),
        )
        if call_filter is not None:
            readings = filter(call_filter.matches, readings)
        readings = chain(
            list(islice(readings, 1)), readings
        )  # a file that is not a capture fails before OUT exists
        pieces = exporter.export(readings, notices) if exporter.takes_notices else exporter.export(readings)
        if output is None:
            _write(pieces, sys.stdout.buffer)
            return
        stream = create_file(output, "--output", force=force)
        with remove_on_failure(output):
            try:
                _write(pieces, stream)
            finally:
                with suppress(OSError):  # data that _write could not write cannot be written now either
                    stream.close()


def with_https(exchange: "Exchange", header: "Header") -> "Exchange":
    """Return the exchange with https:// in its upstream if apispy used TLS: an address tcp:// does not tell."""
    used_tls = str(header.curl.get("direct", {}).get("base", "")).startswith("https://")
    if used_tls and exchange.upstream.startswith("tcp://"):
        from apispy.structs import replace

        return replace(exchange, upstream=f"https{exchange.upstream.removeprefix('tcp')}")
    return exchange


def create_file(output: Path, option: str, *, force: bool) -> BinaryIO:
    """Create *output*, the value of *option*, so that only this user can read it. Raises ApispyError."""
    flags = os.O_WRONLY | os.O_CREAT | system.O_NOFOLLOW | (os.O_TRUNC if force else os.O_EXCL)
    try:
        descriptor = os.open(output, flags, 0o600)
        system.set_mode(descriptor, 0o600)
    except FileExistsError:
        then = "Type --force to replace it." if option == "--output" else "Name another file."
        raise UsageError(f"{option} {output} already exists. {then}") from None
    except OSError as error:
        raise ApispyError(f"{option} {output}: {error.strerror}; name a file that you may write") from error
    return open(descriptor, "wb")


def _write(pieces: "Iterable[str | bytes]", stream: BinaryIO) -> None:
    try:
        for piece in pieces:
            stream.write(piece if isinstance(piece, bytes) else piece.encode("utf-8", "backslashreplace"))
        stream.flush()
    except BrokenPipeError:
        raise  # the command line exits quietly
    except OSError as error:
        raise ApispyError(
            f"cannot write the export: {error.strerror}; free some space, or name another file"
        ) from error

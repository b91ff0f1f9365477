"""``apispy record -o FILE -- COMMAND ...``: what a command says to Docker, as a fixture for tests."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apispy.cli.options import FILE, REDACT, REDACT_ENV, takes_daemon
from apispy.cli.types import Size

if TYPE_CHECKING:
    from apispy.endpoints import Endpoint
    from apispy.redaction.policy import Env


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    short_help="Record a fixture: what a command says to Docker.",
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[-- COMMAND ...]")
@click.option("-o", "--output", type=FILE, required=True, metavar="FILE", help="The fixture that is written.")
@click.option("--force", is_flag=True, help="Replace FILE if it is there, once the recording has succeeded.")
@click.option("--listen", default="2377", show_default=True, metavar="ADDRESS",
              help="Without COMMAND: where clients connect, as `apispy --listen` has it.")  # fmt: skip
@click.option(
    "--listen-plaintext", is_flag=True, help="Without COMMAND: no TLS on a TCP listener of this machine."
)
@click.option(
    "--tcp", is_flag=True, help="Give the command mutual TLS on a free port instead of a unix socket."
)
@click.option(
    "--certs-dir", type=FILE, metavar="DIR", help="Our CA and certificates for TCP; made on first use."
)
@click.option("--body-limit", type=Size(), default="64M", show_default=True, metavar="SIZE",
              help="How much of each body is kept. What is longer cannot be played.")  # fmt: skip
@REDACT
@REDACT_ENV
@takes_daemon
def command(
    words: tuple[str, ...],
    output: Path,
    force: bool,
    listen: str,
    listen_plaintext: bool,
    tcp: bool,
    certs_dir: Path | None,
    body_limit: int,
    redact: tuple[str, ...],
    redact_env: "Env",
    daemon: "Callable[[], Endpoint]",
) -> int:
    """Run COMMAND and record what it says to Docker in a fixture, for `apispy replay` and for tests.

    Its own input, output and terminal stay untouched, and its exit code is ours. Without COMMAND apispy listens until
    Ctrl-C. A fixture is a capture made fit for review: docs/fixtures.md.

    \b
    apispy record -o ps.json -- docker ps
    apispy record -o tests/fixtures/up.json --force -- docker compose up -d
    """
    from apispy import endpoints
    from apispy.app.listener import refuse_loop
    from apispy.app.record import Recording
    from apispy.app.view import View

    if words and words[0].startswith("-"):
        raise click.UsageError(
            f"No such option: {words[0]}. Type: apispy record -o FILE [OPTIONS] -- COMMAND ..."
        )
    view = View(quiet=True, notes="off", body_limit=body_limit, redact=redact, redact_env=redact_env)
    recording = Recording(output, force, view)
    if words:
        return recording.command(words, daemon(), tcp=tcp, certs_dir=certs_dir)
    where, upstream = endpoints.listen(listen), daemon()
    refuse_loop(where, upstream)
    return recording.listening(where, upstream, certs_dir, plaintext=listen_plaintext)

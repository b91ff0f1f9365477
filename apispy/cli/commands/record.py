"""``apispy record -o FILE -- COMMAND ...``: record a fixture for tests."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apispy.cli.exit_codes import INCOMPLETE
from apispy.cli.help import CONNECTION, FILES, Command, option
from apispy.cli.options import CERTS_DIR, NEW_FILE, REDACT, REDACT_ENV, TCP, WEB, daemon_options
from apispy.cli.types import Size

if TYPE_CHECKING:
    from apispy.endpoints import Endpoint
    from apispy.redaction.policy import Env


@click.command(
    cls=Command,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    short_help="Record a command's API calls as a test fixture.",
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[-- COMMAND ...]")
@option("-o", "--output", type=NEW_FILE, required=True, metavar="FILE", section=FILES,
        help="Write the fixture to FILE.")  # fmt: skip
@option("--force", is_flag=True, section=FILES,
        help="Replace an existing FILE, once the recording has succeeded.")  # fmt: skip
@option("--listen", default="2377", show_default=True, metavar="ADDRESS", section=CONNECTION,
        help="Without COMMAND: address to listen on, as for `apispy --listen`.")  # fmt: skip
@option("--listen-plaintext", is_flag=True, section=CONNECTION,
        help="Without COMMAND: use no TLS on a TCP listener of this machine.")  # fmt: skip
@TCP
@CERTS_DIR
@option("--body-limit", type=Size(), default="64M", show_default=True, metavar="SIZE", section=FILES,
        help="How much of each body to keep. A longer body cannot be replayed.")  # fmt: skip
@REDACT
@REDACT_ENV
@WEB
@daemon_options
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
    web: int | None,
    daemon: "Callable[[], Endpoint]",
) -> int:
    """Record the API calls of COMMAND as a fixture, for `apispy replay` and for tests.

    COMMAND keeps its input, output and terminal, and apispy exits with its status. Without COMMAND, apispy listens
    until Ctrl-C. A fixture is a capture tidied for review and tests; see `apispy help fixtures`.

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
    view = View(quiet=True, body_limit=body_limit, redact=redact, redact_env=redact_env, web=web)
    recording = Recording(output, force, view)
    if words:
        result = recording.record_command(words, daemon(), tcp=tcp, certs_dir=certs_dir)
    else:
        where, upstream = endpoints.listen(listen), daemon()
        refuse_loop(where, upstream)
        result = recording.record_until_signal(where, upstream, certs_dir, plaintext=listen_plaintext)
    return result.exit_code or (0 if result.complete else INCOMPLETE)

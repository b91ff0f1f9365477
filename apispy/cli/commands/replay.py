"""``apispy replay FILE``: play back captures in place of a daemon."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apispy.app.view import View
from apispy.cli.exit_codes import INCOMPLETE, MISSED
from apispy.cli.help import CONNECTION, FILES, Command, is_typed, option
from apispy.cli.options import (
    ALLOW_HOST,
    CERTS_DIR,
    FAULT,
    FILE,
    LISTEN_PLAINTEXT,
    NEW_FILE,
    REMOTE_PLAINTEXT,
    WEB,
    daemon_options,
    view_options,
)
from apispy.cli.types import Number
from apispy.errors import UsageError

if TYPE_CHECKING:
    from apispy.app.replay import ReplaySession
    from apispy.endpoints import Endpoint, Listen
    from apispy.gate import FaultRule
    from apispy.replay.options import OnMiss

COMMAND_KEY = "apispy.command"


class ReplayCommand(Command):
    """A command that does not parse what follows the first ``--``: ``_command_after`` returns it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if "--" in args:
            at = args.index("--")
            ctx.meta[COMMAND_KEY] = tuple(args[at + 1 :])
            args = args[:at]
        return super().parse_args(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the matchers."""
        from apispy.replay.aspects import ASPECTS

        with formatter.section("Names for --match"):
            formatter.write_dl(list(ASPECTS.items()))


def _command_after(ctx: click.Context) -> tuple[str, ...] | None:
    """Return the words after ``--``; None if there is no ``--``. Raises ApispyError if they cannot be run."""
    from apispy.app import child

    words: tuple[str, ...] | None = ctx.meta.get(COMMAND_KEY)
    if words is not None:
        if not words:
            raise UsageError("Expected a command after --. Type: apispy replay FILE -- COMMAND ...")
        child.check_program(words[0], "apispy replay FILE -- COMMAND ...")
    return words


@click.command(cls=ReplayCommand, short_help="Play back recorded API calls in place of a daemon.")
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE... [-- COMMAND ...]")
@option("--match", metavar="NAMES",
        help="Compare only these parts of a request (path,query), or all but these (-body, or a part: "
             "-query.all, -body.HostConfig).")  # fmt: skip
@option("--repeat-last", is_flag=True,
        help="Once all recorded responses to a request are used, repeat the last one.")  # fmt: skip
@option("--speed", default="fast", show_default=True, metavar="SPEED",
        help="Pauses in streams: real, fast (none), or a factor such as 2 (twice as fast).")  # fmt: skip
@option("--patience", type=Number(0.01, 86400), default=10.0, show_default=True, metavar="SECONDS",
        help="How long a response waits for the calls that preceded it in the recording.")  # fmt: skip
@option("--on-miss", type=click.Choice(["fail", "404", "forward"]), default="fail", show_default=True,
        help="Response to a request that was not recorded. fail: 501 with the reason; 404: 404 with the reason; "
             "forward: the response of the daemon at --upstream.")  # fmt: skip
@option("-o", "--output", type=NEW_FILE, metavar="FILE", section=FILES,
        help="Write the forwarded calls to FILE, a new capture, to be replayed together with the others.")  # fmt: skip
@option("--report", type=NEW_FILE, metavar="FILE", section=FILES,
        help="Write which calls were played and which were not, for `apispy fixture prune`.")  # fmt: skip
@option("--listen", default="2377", metavar="ADDRESS", section=CONNECTION,
        help="Address to listen on.  [default: 2377; a private socket with COMMAND]")  # fmt: skip
@CERTS_DIR
@LISTEN_PLAINTEXT
@REMOTE_PLAINTEXT
@ALLOW_HOST
@WEB
@FAULT
@daemon_options
@view_options
@click.pass_context
def command(
    ctx: click.Context,
    files: tuple[Path, ...],
    listen: str,
    certs_dir: Path | None,
    listen_plaintext: bool,
    insecure_allow_remote_plaintext: bool,
    match: str | None,
    repeat_last: bool,
    speed: str,
    patience: float,
    on_miss: "OnMiss",
    output: Path | None,
    report: Path | None,
    daemon: "Callable[[], Endpoint]",
    allow_hosts: tuple[str, ...],
    web: int | None,
    faults: "tuple[FaultRule, ...]",
    view: View,
) -> int:
    """Play back captures or fixtures in place of a daemon. With COMMAND, run it against the replay.

    \b
    apispy replay calls.jsonl                 listen for any client: paste the lines that this prints
    apispy replay calls.jsonl -- docker ps    run one command
    apispy replay calls.jsonl --web           see the requests, and what was not recorded, in a browser

    apispy exits with COMMAND's status. If that is 0, or without COMMAND, it exits with 3 if a request had no recorded
    response.
    """
    from apispy.app import replay
    from apispy.app.listener import listener_files
    from apispy.app.server import serve_until_signal
    from apispy.replay import Options, Player, choose_matchers, parse_speed

    words = _command_after(ctx)
    if output and on_miss != "forward":
        raise UsageError(
            f"--output {output} records forwarded calls: add --on-miss forward, or leave out --output."
        )
    options = Options(choose_matchers(match), repeat_last, on_miss, parse_speed(speed), patience)
    recorded = replay.read_recorded_files(files)
    player = Player([exchange for calls in recorded.values() for exchange in calls], options)
    with _listener(ctx, listen, words) as where:
        tls = listener_files(where, certs_dir, listen_plaintext, insecure_allow_remote_plaintext)
        report_file = replay.ReportFile(report, recorded) if report else None
        session = replay.ReplaySession(
            ", ".join(str(file) for file in files),
            player,
            where,
            tls,
            replace(view, web=web),
            sys.stdout if words is None else sys.stderr,
            daemon() if on_miss == "forward" else None,
            output,
            faults,
            allow_hosts,
        )
        status = 0
        if words is None:
            serve_until_signal(session)
        else:
            status = replay.replay_to_command(session, words)
        if report_file:
            report_file.write(player)
        session.print_report()
    return status or _exit_code(session)


def _exit_code(session: "ReplaySession") -> int:
    if not session.complete:
        return INCOMPLETE
    return MISSED if session.player.misses else 0


def _listener(
    ctx: click.Context, listen: str, words: tuple[str, ...] | None
) -> "AbstractContextManager[Listen]":
    """Provide the address of --listen; for a command a private one, unless --listen was typed."""
    from apispy import endpoints
    from apispy.app.listener import private_listener

    typed = any(is_typed(ctx, parameter) for parameter in ctx.command.params if parameter.name == "listen")
    return private_listener(tcp=False) if words and not typed else nullcontext(endpoints.listen(listen))

"""``apispy replay FILE``: the daemon, played from a capture."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apispy.app.view import View
from apispy.cli.options import ALLOW_HOST, FAULT, FILE, takes_daemon, takes_view
from apispy.cli.types import is_typed
from apispy.cli.with_command import WithCommand
from apispy.errors import UsageError

if TYPE_CHECKING:
    from apispy.endpoints import Endpoint
    from apispy.gate import FaultRule
    from apispy.replay.options import OnMiss


@click.command(cls=WithCommand)
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE... [-- COMMAND ...]")
@click.option("--listen", default="2377", metavar="ADDRESS",
              help="Where clients connect.  [default: 2377; for a COMMAND a socket of its own]")  # fmt: skip
@click.option("--certs-dir", type=FILE, metavar="DIR",
              help="Our CA, and the certificates of the listener and its clients; made on first use.")  # fmt: skip
@click.option("--listen-plaintext", is_flag=True, help="No TLS on a TCP listener.")
@click.option("--insecure-allow-remote-plaintext", is_flag=True,
              help="Let --listen-plaintext use an address that other machines can reach.")  # fmt: skip
@click.option("--match", metavar="NAMES",
              help="Compare only these aspects of a request (path,query), or all but these (-body).")  # fmt: skip
@click.option("--repeat-last", is_flag=True,
              help="When the recorded answers to a request are used up, give the last one again.")  # fmt: skip
@click.option("--speed", default="fast", show_default=True, metavar="SPEED",
              help="The pauses in streams: real, fast (none), or a factor: 2 is twice as fast.")  # fmt: skip
@click.option("--patience", type=click.FloatRange(0.01, 86400), default=10.0, show_default=True, metavar="SECONDS",
              help="How long an answer waits for what came before it in the record.")  # fmt: skip
@click.option("--on-miss", type=click.Choice(["fail", "404", "forward"]), default="fail", show_default=True,
              help="What a request gets that has no recorded answer: 501 with the reason, 404, or what the daemon "
                   "at --upstream says.")  # fmt: skip
@click.option("-o", "--output", type=FILE, metavar="FILE",
              help="Record what was forwarded in a new file, to be replayed beside the others.")  # fmt: skip
@ALLOW_HOST
@FAULT
@click.option("--report", type=FILE, metavar="FILE",
              help="Write what was played and what was not, for `apispy fixture prune`.")  # fmt: skip
@takes_daemon
@takes_view
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
    faults: "tuple[FaultRule, ...]",
    view: View,
) -> int:
    """Play the daemon from captures: no daemon is needed. With a COMMAND, run it against the replay.

    \b
    apispy replay calls.jsonl                    then paste the lines it prints into another shell
    apispy replay calls.jsonl -- docker ps

    The exit code is the COMMAND's. If that is 0, or there is none, 3 when a request had no recorded answer.
    """
    from contextlib import nullcontext

    from apispy import endpoints
    from apispy.app import child, replay, replay_runs
    from apispy.app.listener import listener_files, private_listener
    from apispy.replay import Options, Player, choose_matchers, parse_speed

    words = WithCommand.command_of(ctx)
    if words is not None:
        if not words:
            raise UsageError("After -- a command is expected. Type: apispy replay FILE -- COMMAND ...")
        child.check(words[0], "apispy replay FILE -- COMMAND ...")
    if output and on_miss != "forward":
        raise UsageError(
            f"--output {output} records what was forwarded: add --on-miss forward, or leave it out."
        )
    options = Options(choose_matchers(match), repeat_last, on_miss, parse_speed(speed), patience)
    recorded = replay.read_recorded_files(files)
    player = Player([exchange for calls in recorded.values() for exchange in calls], options)
    private = words is not None and not any(
        is_typed(ctx, p) for p in ctx.command.params if p.name == "listen"
    )
    with private_listener(tcp=False) if private else nullcontext(endpoints.listen(listen)) as where:
        tls = listener_files(where, certs_dir, listen_plaintext, insecure_allow_remote_plaintext)
        name = ", ".join(str(file) for file in files)
        stream = sys.stdout if words is None else sys.stderr
        spying = daemon() if on_miss == "forward" else None
        work = replay.ReplaySession(
            name, player, where, tls, view, stream, spying, output, faults, allow_hosts
        )
        if report:
            from apispy.app import replay_report  # the whole room of fixtures, which is not needed otherwise

            work.played = replay_report.written_to(report, recorded)
        return (
            replay_runs.serve_replay_forever(work) if words is None else replay_runs.play_under(work, words)
        )

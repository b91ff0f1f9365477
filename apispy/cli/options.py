"""Options that several commands share, and the objects that are made of them."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apispy.app import log_format
from apispy.app.call_reports import CALL_REPORTS
from apispy.app.view import View
from apispy.cli.completion import complete_endpoint
from apispy.cli.help import CONNECTION, DISPLAY, FAULTS, FILES, RULES, SECRETS, option
from apispy.cli.types import (
    Fault,
    HostName,
    NewFile,
    Number,
    OptionalValue,
    PolicyRule,
    Size,
    SizeOrTime,
    Whole,
)
from apispy.errors import UsageError

if TYPE_CHECKING:
    from apispy.app.otlp import Settings as OtlpSettings
    from apispy.capture import Rotation
    from apispy.endpoints import Listen
    from apispy.filters import Filter
    from apispy.gate import PolicyCheck

FILE = click.Path(path_type=Path)
NEW_FILE = NewFile()

Function = Callable[..., Any]

TLS = (
    option("--tls", is_flag=True, section=CONNECTION,
           help="Use TLS to the daemon without verifying it, like `docker --tls`."),
    option("--tlsverify", is_flag=True, default=None, section=CONNECTION,
           help="Use TLS to the daemon and verify it. Port 2376 implies this."),
    option("--tlscacert", type=FILE, metavar="FILE", section=CONNECTION,
           help="Trust only the CA in this file.  [default: DOCKER_CERT_PATH/ca.pem]"),
    option("--tlscert", type=FILE, metavar="FILE", section=CONNECTION,
           help="Client certificate for the daemon.  [default: .../cert.pem]"),
    option("--tlskey", type=FILE, metavar="FILE", section=CONNECTION,
           help="Client key for the daemon.  [default: .../key.pem]"),
)  # fmt: skip

DAEMON = (
    option("--upstream", metavar="ADDRESS", shell_complete=complete_endpoint, section=CONNECTION,
           help="Daemon to connect to: HOST:PORT, tcp://..., unix:///PATH, ssh://USER@HOST, context:NAME, "
                "machine:NAME or a saved name (`apispy endpoints`).  [default: the daemon that the docker CLI uses]"),
    *TLS,
)  # fmt: skip

CERTS_DIR = option("--certs-dir", type=FILE, metavar="DIR", section=CONNECTION,
                   help="Directory of apispy's CA and certificates; created on first use.")  # fmt: skip

LISTEN = option("--listen", default="2377", show_default=True, metavar="ADDRESS", section=CONNECTION,
                help="Address to listen on: PORT (on 127.0.0.1), HOST:PORT, tcp://HOST:PORT or unix:///PATH. Port 0 is "
                     "any free port.")  # fmt: skip

LISTEN_GROUP = option("--listen-group", default="", metavar="GROUP", section=CONNECTION,
                      help="Let the members of GROUP connect to the unix socket (0660), as dockerd's --group. They are "
                           "root on the daemon's machine.  [default: only its owner (0600)]")  # fmt: skip

LISTEN_PLAINTEXT = option("--listen-plaintext", is_flag=True, section=CONNECTION,
                          help="Use no TLS on a TCP listener: anyone who can connect is root.")  # fmt: skip

REMOTE_PLAINTEXT = option("--insecure-allow-remote-plaintext", is_flag=True, section=CONNECTION,
                          help="Allow --listen-plaintext on an address that other machines can reach.")  # fmt: skip

ALLOW_HOST = option("--allow-host", "allow_hosts", multiple=True, type=HostName(), metavar="NAME",
                    section=CONNECTION,
                    help="Without TLS: accept requests for this host name too. Unknown names are refused, as a "
                         "protection against web pages. Repeatable.")  # fmt: skip

TCP = option("--tcp", is_flag=True, section=CONNECTION,
             help="Give COMMAND mutual TLS on a free port instead of a unix socket.")  # fmt: skip

COLOR = option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True,
               section=DISPLAY, help="Print in color. auto: on a terminal, unless NO_COLOR is set.")  # fmt: skip

STATS = option("--stats", is_flag=True, section=DISPLAY,
               help="Show only statistics: counts and latencies of each operation, and repeated reads.")  # fmt: skip

CAPTURE = option("--capture", type=NEW_FILE, metavar="FILE", section=FILES,
                 help="Write all calls to a new file (0600; .gz or .zst compresses), for `apispy show`.")  # fmt: skip

ROTATE = (
    option("--rotate", multiple=True, metavar="SIZE|TIME", type=SizeOrTime(), section=FILES,
           help="Continue the capture in a new file at SIZE (100MB) or at each full TIME (30min, 1h, 1d; UTC), and "
                "rename the finished file: calls-2026-11-30T00-00-00.000Z.jsonl. Give it twice for both."),
    option("--keep", type=Whole(1, 1000000), metavar="N", section=FILES,
           help="With --rotate: keep only the N newest finished files.  [default: all]"),
)  # fmt: skip

REDACT = option("--redact", multiple=True, metavar="RULE", section=SECRETS,
                help="Hide more: json:PATH in bodies, header:NAME, or re:PATTERN anywhere. Repeatable.")  # fmt: skip

REDACT_ENV = option("--redact-env", type=click.Choice(["all", "secret-looking", "none"]), default="all",
                    show_default=True, section=SECRETS,
                    help="Which values of environment variables and build arguments to hide.")  # fmt: skip

LOG = option("--log", type=click.Choice(["text", "json"]), default="text", show_default=True, section=DISPLAY,
             is_eager=True, expose_value=False, callback=lambda ctx, param, value: set_log_format(value),
             help="json: print calls and all messages as a log, one JSON object per line, for journals and log "
                  "shippers.")  # fmt: skip

FAULT = option("--fault", "faults", multiple=True, metavar="RULE", type=Fault(), section=FAULTS,
               help="Inject a fault: 'op:ContainerStart status=500 times=1', 'container:web delay=2s', "
                    "'op:ContainerLogs drop-after=64kB', 'op:ImageCreate reset', 'garbage every=10'. Repeatable; the "
                    "first rule that applies to a request decides. See `apispy help faults`.")  # fmt: skip

RULE_OPTIONS = (
    option("--read-only", is_flag=True, section=RULES,
           help="Refuse requests that may change anything, unless an --allow matches."),
    option("--allow", multiple=True, metavar="FILTER", type=PolicyRule("allow"), section=RULES,
           help="Refuse requests that no --allow allows: 'op:ContainerList', 'effect:read'. Repeatable."),
    option("--deny", multiple=True, metavar="FILTER", type=PolicyRule("deny"), section=RULES,
           help="Refuse requests that match, whatever allows them: 'privileged', 'bind:/etc*', 'effect:exec'. "
                "Repeatable. See `apispy help guard`."),
    option("--confirm", multiple=True, metavar="FILTER", type=PolicyRule("confirm"), section=RULES,
           help="Ask on the terminal before a request that matches and is allowed passes. Repeatable."),
    option("--confirm-timeout", type=Number(1, 86400), default=30.0, show_default=True, metavar="SECONDS",
           section=RULES, help="How long --confirm waits for an answer; then the request is refused."),
    option("--policy", "policy_files", type=FILE, multiple=True, metavar="FILE", section=RULES,
           help="Take rules from FILE, for example one that `apispy permissions --for apispy` wrote. Repeatable."),
    option("--policy-mode", type=click.Choice(["enforce", "audit"]), default="enforce", show_default=True,
           section=RULES, help="audit: forward what would be refused, and say so."),
)  # fmt: skip

VIEW = (
    option("--filter", "expression", metavar="EXPR", section=DISPLAY,
           help="Show and count only calls that match: 'op:Container* and status>=400', 'slow>1s', "
                "'not op:SystemPing'. See `apispy help filters`."),
    option("-v", "--verbose", count=True, section=DISPLAY,
           help="Show more: -v headers and query, -vv bodies, -vvv every chunk and frame."),
    option("-q", "--quiet", is_flag=True, section=DISPLAY, help="Show only the summary at the end."),
    option("--relative", is_flag=True, section=DISPLAY,
           help="Show the seconds between the starts of calls, as `strace -r`, instead of the time at which each "
                "started."),
    option("--streams/--no-streams", default=None, section=DISPLAY,
           help="Whether to show what flows in open calls, such as program output.  [default: yes, except in `apispy "
                "run` on the terminal of COMMAND]"),
    option("--json", "as_json", is_flag=True, section=DISPLAY,
           help="Print one JSON object per call instead of lines."),
    option("--notes", type=click.Choice(["off", "on", "strict"]), default="on", show_default=True, section=DISPLAY,
           help="Print notes on calls: what Docker ignores, or what another API version refuses. strict: also "
                "responses that differ from the API reference."),
    option("--curl", cls=OptionalValue, type=click.Choice(["direct", "via"]), is_flag=False, flag_value="direct",
           default=None, section=DISPLAY,
           help="Print the curl command that repeats each call: direct to the daemon, or via apispy. -v implies it."),
    option("--bodies", type=FILE, metavar="DIR", section=FILES,
           help="For curl commands: write a request body that does not fit into the command to a file in DIR, which "
                "the command reads. How much of each body is kept: see --body-limit."),
    option("--body-limit", type=Size(), default="1M", show_default=True, metavar="SIZE", section=DISPLAY,
           help="Keep at most SIZE of each body, to show it and in captures. The traffic is not cut. Files for curl "
                "commands: see --bodies."),
    option("--show-secrets", is_flag=True, section=SECRETS,
           help="Do not hide passwords, registry credentials and other secrets."),
    REDACT,
    REDACT_ENV,
    COLOR,
)  # fmt: skip

REPORTS = tuple(
    option(f"--{report.name}", is_flag=True, section=DISPLAY,
           help=f"At the end, instead of showing calls, {report.purpose[0].lower()}{report.purpose[1:]}.")
    for report in CALL_REPORTS.values()
)  # fmt: skip


WEB = option("--web", cls=OptionalValue, type=Whole(0, 65535), is_flag=False, flag_value=0, default=None,
             metavar="[PORT]", section=DISPLAY,
             help="Serve a page with the calls as they come, on PORT of 127.0.0.1 (a free one if left out), for a "
                  "browser on this machine.")  # fmt: skip

METRICS = option("--metrics", metavar="ADDRESS", section=DISPLAY,
                 help="Serve metrics of all calls for Prometheus, at /metrics of ADDRESS: PORT (on 127.0.0.1) or "
                      "HOST:PORT. Port 0 is any free port.")  # fmt: skip


OTLP = option("--otlp", metavar="ENDPOINT", section=DISPLAY,
              help="Send a span of each call, and metrics, to an OpenTelemetry receiver: http://HOST:4318 or "
                   "grpc://HOST:4317; https and grpcs with TLS. See `apispy help fleet`.")  # fmt: skip


def set_log_format(value: str) -> None:
    """Set the format of all messages of this process. Early, so that errors of other options have it too."""
    log_format.is_json = value == "json"


def daemon_options(command: Function) -> Function:
    """Add the options that select a daemon. *command* gets ``daemon``, which returns the Endpoint.

    ``daemon`` raises UsageError if the options or the environment cannot be used.
    """

    def read(**typed: Any) -> Any:
        from apispy.cli.target import daemon_endpoint

        return daemon_endpoint(typed.pop("upstream"), **typed)

    return _combine(command, DAEMON, "daemon", lambda **typed: functools.partial(read, **typed))


def proxy_options(command: Function) -> Function:
    """Add the options of a proxy: where it listens, for whom, and those of ``daemon_options``."""
    for add in (ALLOW_HOST, REMOTE_PLAINTEXT, LISTEN_PLAINTEXT, CERTS_DIR, daemon_options, LISTEN):
        command = add(command)
    return command


def tls_options(command: Function) -> Function:
    """Add the TLS options alone. *command* gets ``tls``, keyword arguments of ``endpoints.upstream``."""
    return _combine(command, TLS, "tls", dict)


def view_options(command: Function) -> Function:
    """Add the options for how calls are shown. *command* gets ``view``, a View."""

    def read(**typed: Any) -> View:
        as_json = typed["as_json"] or log_format.is_json
        return View(
            verbosity=typed["verbose"],
            quiet=typed["quiet"],
            as_json=as_json,
            as_log=log_format.is_json,
            body_limit=typed["body_limit"],
            show_secrets=typed["show_secrets"],
            redact=typed["redact"],
            redact_env=typed["redact_env"],
            color=typed["color"],
            bodies=typed["bodies"],
            notes=typed["notes"],
            relative=typed["relative"],
            streams=typed["streams"],
            filter=parse_filter(typed["expression"]),
            curl=typed["curl"] or ("direct" if typed["verbose"] and not as_json else ""),
        )

    return _combine(command, VIEW, "view", read)


def policy_options(command: Function) -> Function:
    """Add the options for rules. *command* gets ``policy``, a PolicyCheck, or None without a rule."""

    def read(**typed: Any) -> "PolicyCheck | None":
        named = [*typed["allow"], *typed["deny"], *typed["confirm"]]
        if not (typed["read_only"] or named or typed["policy_files"]):
            if typed["policy_mode"] != "enforce":
                raise UsageError(
                    "--policy-mode audit needs rules; add --read-only, --deny, --allow or --policy"
                )
            return None
        from apispy.app.policy_files import read_policy
        from apispy.filters.policy import READS
        from apispy.gate import PolicyCheck

        rules = [READS] if typed["read_only"] else []
        rules += named
        for path in typed["policy_files"]:
            rules += read_policy(path)
        audit, ask = typed["policy_mode"] == "audit", None
        if not audit and any(rule.verb == "confirm" for rule in rules):
            from apispy.app.confirm import TerminalQuestions

            ask = TerminalQuestions(typed["confirm_timeout"]).ask
        return PolicyCheck(rules, audit=audit, ask=ask)

    return _combine(command, RULE_OPTIONS, "policy", read)


def capture_options(command: Function) -> Function:
    """Add --capture, --rotate and --keep. *command* gets ``capture``: its path and its Rotation, or None for each."""

    def read(
        *, capture: Path | None, rotate: tuple[tuple[str, int], ...], keep: int | None
    ) -> "tuple[Path | None, Rotation | None]":
        if not rotate:
            if keep is not None:
                raise UsageError(
                    "--keep needs --rotate, which finishes files. Add --rotate 100MB or --rotate 1d"
                )
            return capture, None
        if capture is None:
            raise UsageError("--rotate needs the capture that it is about. Add --capture FILE")
        kinds = dict(rotate)
        if len(kinds) < len(rotate):
            raise UsageError("--rotate: expected one size, one time, or one of each; found more of a kind")
        from apispy.capture import Rotation

        return capture, Rotation(**kinds, keep=keep or 0)

    return _combine(command, (CAPTURE, *ROTATE), "capture", read)


def metrics_option(command: Function) -> Function:
    """Add --metrics. *command* gets ``metrics``, a TCP address, or None without the option."""

    def read(*, metrics: str | None) -> "Listen | None":
        if metrics is None:
            return None
        from apispy import endpoints

        where = endpoints.listen(metrics)
        if where.kind != "tcp":
            raise UsageError(
                f"--metrics {metrics}: expected a TCP address, because Prometheus scrapes no {where.kind} socket. "
                "Type --metrics 9464"
            )
        return where

    return _combine(command, (METRICS,), "metrics", read)


def otlp_option(command: Function) -> Function:
    """Add --otlp. *command* gets ``otlp``, Settings, or None without the option."""

    def read(*, otlp: str | None) -> "OtlpSettings | None":
        if otlp is None:
            return None
        import os

        from apispy.app.otlp import settings_of

        return settings_of(otlp, os.environ)

    return _combine(command, (OTLP,), "otlp", read)


def report_options(command: Function) -> Function:
    """Add the options for reports at the end. *command* gets ``reports``, the names of those that were typed."""

    def read(**typed: bool) -> tuple[str, ...]:
        names = tuple(name for name in CALL_REPORTS if typed[name])
        if names and log_format.is_json:
            raise UsageError(f"--{names[0]} is a report, and --log json has lines for calls: leave out one")
        return names

    return _combine(command, REPORTS, "reports", read)


def parse_filter(expression: str | None) -> "Filter | None":
    """Parse the value of --filter; None for none. Raises UsageError."""
    if expression is None:
        return None
    from apispy.filters import Filter

    try:
        return Filter.parse_typed(expression)
    except UsageError as error:
        raise UsageError(f"--{error}") from None  # its message begins with "filter: "


def _combine(command: Function, options: tuple[Function, ...], name: str, read: Function) -> Function:
    """Add *options* to *command*. It gets their values as the one argument *name*, which *read* makes of them."""

    @functools.wraps(command)
    def combined(**values: Any) -> Any:
        typed = {option: values.pop(option) for option in names}
        return command(**values, **{name: read(**typed)})

    before = len(getattr(combined, "__click_params__", ()))
    for decorate in reversed(options):
        combined = decorate(combined)
    names = [parameter.name for parameter in combined.__click_params__[before:]]  # type: ignore[attr-defined]
    return combined

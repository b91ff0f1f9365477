"""Options that several commands take, and what they come to."""

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apispy.app.view import View
from apispy.cli.completion import endpoint_names
from apispy.cli.types import Fault, Optional, Size

if TYPE_CHECKING:
    from apispy.filters import Filter

FILE = click.Path(path_type=Path)

Function = Callable[..., Any]

TLS = (
    click.option("--tls", is_flag=True,
                 help="Use TLS to the daemon without verifying it, as `docker --tls` does."),
    click.option("--tlsverify", is_flag=True, default=None,
                 help="Use TLS to the daemon and verify it. Port 2376 means this."),
    click.option("--tlscacert", type=FILE, metavar="FILE",
                 help="Trust only the CA in this file.  [default: DOCKER_CERT_PATH/ca.pem]"),
    click.option("--tlscert", type=FILE, metavar="FILE",
                 help="Our certificate for the daemon.  [default: .../cert.pem]"),
    click.option("--tlskey", type=FILE, metavar="FILE",
                 help="Our key for the daemon.  [default: .../key.pem]"),
)  # fmt: skip

DAEMON = (
    click.option("--upstream", metavar="ADDRESS", shell_complete=endpoint_names,
                 help="The daemon: HOST:PORT, tcp://..., unix:///PATH, ssh://USER@HOST, context:NAME, machine:NAME "
                      "or a saved name (`apispy endpoints`). Without it: the one that the docker CLI would use."),
    *TLS,
)  # fmt: skip

COLOR = click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto",
                     show_default=True, help="auto: on a terminal, unless NO_COLOR is set.")  # fmt: skip

STATS = click.option("--stats", is_flag=True,
                     help="Counts and latencies of each operation, and reads made again and again.")  # fmt: skip

CAPTURE = click.option(
    "--capture",
    type=FILE,
    metavar="FILE",
    help="Keep everything in a new file (0600; .gz or .zst compresses), for `apispy show`.",
)

REDACT = click.option(
    "--redact", multiple=True, metavar="RULE",
    help="Hide more: json:PATH in bodies, header:NAME, or re:PATTERN anywhere. Repeat it for more rules.",
)  # fmt: skip

REDACT_ENV = click.option(
    "--redact-env", type=click.Choice(["all", "secret-looking", "none"]), default="all",
    show_default=True, help="Which values of environment variables and build arguments to hide.",
)  # fmt: skip
FAULT = click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="RULE",
    type=Fault(),
    help="Make something go wrong: 'op:ContainerStart status=500 times=1', 'container:web delay=2s', "
         "'op:ContainerLogs drop-after=64kB', 'op:ImageCreate reset', 'garbage every=10'. Repeat it for more "
         "rules; the first that hits decides. The rules: docs/faults.md.",
)  # fmt: skip

ALLOW_HOST = click.option("--allow-host", "allow_hosts", multiple=True, metavar="NAME",
                          help="Without TLS: a further host name that clients may call this port by. "
                               "Names that are not known are refused, against web pages.")  # fmt: skip

VIEW = (
    click.option("--filter", "expression", metavar="EXPR",
                 help="Only calls that match: 'op:Container* and status>=400', 'slow>1s', 'not op:SystemPing'. "
                      "The summary counts no others either. The language: docs/filters.md."),
    click.option("-v", "--verbose", count=True,
                 help="-v headers and query, -vv bodies, -vvv every chunk and frame."),
    click.option("-q", "--quiet", is_flag=True, help="Only the summary at the end."),
    click.option("--json", "as_json", is_flag=True, help="One JSON object per call instead of lines."),
    click.option("--notes", type=click.Choice(["off", "on", "strict"]), default="on", show_default=True,
                 help="Remarks on calls: what Docker ignores or another version refuses; "
                      "strict: also where an answer is not as described."),
    click.option("--curl", cls=Optional, type=click.Choice(["direct", "via"]), is_flag=False, flag_value="direct",
                 default=None,
                 help="Below each call the curl command that repeats it: to the daemon, or via apispy. "
                      "-v shows it too."),
    click.option("--bodies", type=FILE, metavar="DIR",
                 help="Keep request bodies that do not fit into a curl line as files in DIR."),
    click.option("--body-limit", type=Size(), default="1M", show_default=True, metavar="SIZE",
                 help="How much of each body is kept to be shown."),
    click.option("--show-secrets", is_flag=True,
                 help="Do not hide passwords, registry credentials and the like."),
    REDACT,
    REDACT_ENV,
    COLOR,
)  # fmt: skip


def takes_daemon(command: Function) -> Function:
    """The options that name a daemon. *command* is given ``daemon``, which gives the Endpoint, or raises UsageError."""

    def read(**typed: Any) -> Any:
        from apispy import endpoints

        return endpoints.upstream(typed.pop("upstream"), **typed, environ=os.environ, home=Path.home())

    return _gathered(command, DAEMON, "daemon", lambda **typed: functools.partial(read, **typed))


def takes_tls(command: Function) -> Function:
    """The TLS options alone; *command* is given ``tls``, which is for ``endpoints.upstream(address, **tls, ...)``."""
    return _gathered(command, TLS, "tls", dict)


def takes_view(command: Function) -> Function:
    """The options that say how calls are shown; *command* is given ``view``, a View."""

    def read(**typed: Any) -> View:
        return View(
            verbosity=typed["verbose"],
            quiet=typed["quiet"],
            as_json=typed["as_json"],
            body_limit=typed["body_limit"],
            show_secrets=typed["show_secrets"],
            redact=typed["redact"],
            redact_env=typed["redact_env"],
            color=typed["color"],
            bodies=typed["bodies"],
            notes=typed["notes"],
            filter=_filter(typed["expression"]),
            curl=typed["curl"] or ("direct" if typed["verbose"] and not typed["as_json"] else ""),
        )

    return _gathered(command, VIEW, "view", read)


def _filter(expression: str | None) -> "Filter | None":
    if expression is None:
        return None
    from apispy.filters import Filter

    return Filter.parse(expression)


def _gathered(command: Function, options: tuple[Function, ...], name: str, read: Function) -> Function:
    """*command* with *options*, whose values it gets as one argument: what *read* makes of them."""

    @functools.wraps(command)
    def gathering(**values: Any) -> Any:
        typed = {option: values.pop(option) for option in names}
        return command(**values, **{name: read(**typed)})

    before = len(getattr(gathering, "__click_params__", ()))
    for option in reversed(options):
        gathering = option(gathering)
    names = [parameter.name for parameter in gathering.__click_params__[before:]]  # type: ignore[attr-defined]
    return gathering

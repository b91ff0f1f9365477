"""``apispy certs``: make certificates for a daemon and its clients, check them, and try a handshake."""

import os
from collections.abc import Iterable
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apispy.cli.help import Command, is_typed, option
from apispy.cli.options import FILE, tls_options
from apispy.cli.types import Whole
from apispy.errors import UsageError
from apispy.outputs.escaping import escape

if TYPE_CHECKING:
    from apispy.endpoints import Endpoint

TLS = {"tls", "tlsverify", "tlscacert", "tlscert", "tlskey"}
MODES = {"show": {"show"}, "check": {"check", *TLS}}
"""The options that are allowed in each mode. All other options make certificates."""


@click.command(cls=Command, short_help="Make, show and check TLS certificates for a daemon and its clients.")
@option("--host", "hosts", multiple=True, metavar="NAME",
        help="Host name of the daemon in the certificate. Repeatable.")  # fmt: skip
@option("--ip", "ips", multiple=True, metavar="ADDRESS",
        help="IP address of the daemon in the certificate. Repeatable.")  # fmt: skip
@option("--client", "clients", multiple=True, metavar="NAME",
        help="Make a client certificate too, in OUT/NAME, which can be a DOCKER_CERT_PATH. Without --host and --ip: "
             "make nothing else. Repeatable.")  # fmt: skip
@option("--out", type=FILE, metavar="DIR", help="Directory to write to.")
@option("--layout", type=click.Choice(["article", "docker", "machine"]), default="article", show_default=True,
        help="File names. article: server.pem; docker: server-cert.pem, as on docs.docker.com; machine: the "
             "directories of docker-machine.")  # fmt: skip
@option("--days", type=Whole(1, 36500), default=823, show_default=True,
        help="Days that the certificates are valid. macOS accepts no more than the default.")  # fmt: skip
@option("--algorithm", type=click.Choice(["ecdsa", "rsa"]), default="ecdsa", show_default=True,
        help="Key algorithm. ecdsa: P-256; rsa: 3072 bits.")  # fmt: skip
@option("--ca", type=FILE, metavar="DIR", help="Sign with the CA in DIR instead of making one.")
@option("--force", is_flag=True, help="Replace existing files.")
@option("--show", type=FILE, metavar="DIR", help="Show the certificates in DIR, and their problems.")
@option("--check", metavar="HOST:PORT",
        help="Try a TLS handshake with a daemon. Show which step fails, and what to do.")  # fmt: skip
@tls_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    show: Path | None,
    check: str | None,
    tls: dict[str, Any],
    **settings: Any,
) -> int:
    """Make TLS certificates for a daemon and its clients, show them, or check them.

    \b
    apispy certs --host orion --ip 192.168.0.29 --out DIR    make all that both sides need
    apispy certs --client alice --ca DIR --out DIR           make one more client certificate
    apispy certs --show DIR                                  show certificates and their problems
    apispy certs --check orion:2376                          show which step of a handshake fails, and why
    """
    _refuse_mixed_modes(ctx)
    if show is not None:
        return _show(show)
    if check is not None:
        return _check(_daemon_at(check, tls))
    return _make(**settings)


def _daemon_at(address: str, tls: dict[str, Any]) -> "Endpoint":
    """Return the endpoint with TLS, whatever its port, and with verification unless --tls was typed."""
    from apispy import endpoints

    verify = True if tls["tlsverify"] is None and not tls["tls"] else tls["tlsverify"]
    return endpoints.upstream(address, **tls | {"tlsverify": verify}, environ=os.environ, home=Path.home())


def _refuse_mixed_modes(ctx: click.Context) -> None:
    """Raise UsageError for options of another mode, which would be ignored."""
    typed = {p.name: p.opts[-1] for p in ctx.command.params if is_typed(ctx, p)}
    mode = next((name for name in MODES if name in typed), "")
    misplaced = (
        [flag for name, flag in typed.items() if name not in MODES[mode]] if mode else TLS & typed.keys()
    )
    if mode and misplaced:
        raise UsageError(f"{', '.join(misplaced)} cannot be used with --{mode}. Type two commands.")
    if misplaced:
        flags = ", ".join(typed[name] for name in sorted(misplaced))
        raise UsageError(
            f"{flags}: only --check connects to a daemon. Type: apispy certs --check HOST:PORT {flags} ..."
        )


def _make(
    hosts: tuple[str, ...], ips: tuple[str, ...], out: Path | None, ca: Path | None, **settings: Any
) -> int:
    from apispy import certs

    names = [*hosts, *map(_address, ips)]
    if not names and not settings["clients"]:
        raise UsageError(
            "Nothing to do. Type for example: apispy certs --host orion --ip 192.168.0.29 --out DIR, "
            "apispy certs --show DIR or apispy certs --check orion:2376."
        )
    directory = out or (None if names else ca)
    if directory is None:
        raise UsageError("No directory is given. Type --out DIR; it is created if it does not exist.")
    _print(certs.instructions(certs.make(certs.Order(out=directory, hosts=names, ca=ca, **settings))))
    return 0


def _address(text: str) -> str:
    try:
        ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        raise UsageError(
            f"--ip {text}: expected an IP address like 192.168.0.29; for a name, type --host."
        ) from None
    return text


def _show(directory: Path) -> int:
    from apispy import certs

    report = certs.report_on_directory(directory)
    _print(report.lines())
    return 0 if report.good else 1


def _check(daemon: "Endpoint") -> int:
    from apispy import certs

    if daemon.kind != "tcp":
        raise UsageError(
            f"--check {daemon}: expected HOST:PORT, found an address without TLS. Type --check orion:2376."
        )
    good = True
    for step in certs.check(daemon):
        good = good and step.good
        _print([f"{step.name:12}{'ok' if step.good else 'PROBLEM':9}{step.text}."])
        if not step.good:
            _print([f"{'':21}{step.remedy}."])
    return 0 if good else 1


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(escape(line))

"""``apispy certs``: make certificates for a daemon and its clients, say what is wrong with them, try a handshake."""

import os
from collections.abc import Iterable
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apispy.cli.options import FILE, takes_tls
from apispy.cli.types import is_typed
from apispy.errors import UsageError
from apispy.outputs.escaping import escape

if TYPE_CHECKING:
    from apispy.endpoints import Endpoint

TLS = {"tls", "tlsverify", "tlscacert", "tlscert", "tlskey"}
MODES = {"show": {"show"}, "check": {"check", *TLS}}
"""The options that go with the one which names the mode; the others make certificates."""


@click.command()
@click.option("--host", "hosts", multiple=True, metavar="NAME",
              help="A name by which clients dial the daemon; may be repeated.")  # fmt: skip
@click.option("--ip", "ips", multiple=True, metavar="ADDRESS",
              help="An address by which clients dial the daemon; may be repeated.")  # fmt: skip
@click.option("--client", "clients", multiple=True, metavar="NAME",
              help="One more client, in OUT/NAME, which can be a DOCKER_CERT_PATH. Alone: nothing else.")  # fmt: skip
@click.option("--out", type=FILE, metavar="DIR", help="Where the files go.")
@click.option("--layout", type=click.Choice(["article", "docker", "machine"]), default="article", show_default=True,
              help="article: server.pem; docker: server-cert.pem, as docs.docker.com has it; "
                   "machine: the directories of docker-machine.")  # fmt: skip
@click.option("--days", type=click.IntRange(1, 36500), default=823, show_default=True,
              help="How long they are valid. macOS accepts no more than the default.")  # fmt: skip
@click.option("--algorithm", type=click.Choice(["ecdsa", "rsa"]), default="ecdsa", show_default=True,
              help="ecdsa: P-256; rsa: 3072 bits.")  # fmt: skip
@click.option("--ca", type=FILE, metavar="DIR", help="Sign with the CA in DIR instead of making one.")
@click.option("--force", is_flag=True, help="Replace files that are there.")
@click.option("--show", type=FILE, metavar="DIR", help="Say what is in DIR, and what is wrong with it.")
@click.option("--check", metavar="HOST:PORT",
              help="Try a handshake with a daemon, and say which step fails and what to do.")  # fmt: skip
@takes_tls
@click.pass_context
def command(
    ctx: click.Context,
    /,
    show: Path | None,
    check: str | None,
    tls: dict[str, Any],
    **order: Any,
) -> int:
    """Make TLS certificates for a daemon and its clients, look at them, or try them.

    \b
    apispy certs --host orion --ip 192.168.0.29 --out DIR    make what both sides need
    apispy certs --client alice --ca DIR --out DIR           one more client
    apispy certs --show DIR                                  what is there, and what is wrong with it
    apispy certs --check orion:2376                          which step of a handshake fails, and why
    """
    _refuse_mixtures(ctx)
    if show is not None:
        return _show(show)
    if check is not None:
        return _check(_daemon_at(check, tls))
    return _make(**order)


def _daemon_at(address: str, tls: dict[str, Any]) -> "Endpoint":
    """With TLS whatever the port, and verified unless --tls was typed: that is what is to be checked."""
    from apispy import endpoints

    verify = True if tls["tlsverify"] is None and not tls["tls"] else tls["tlsverify"]
    return endpoints.upstream(address, **tls | {"tlsverify": verify}, environ=os.environ, home=Path.home())


def _refuse_mixtures(ctx: click.Context) -> None:
    """One thing at a time: what belongs to another mode would be ignored, and so it is refused."""
    typed = {p.name: p.opts[-1] for p in ctx.command.params if is_typed(ctx, p)}
    mode = next((name for name in MODES if name in typed), "")
    alien = [flag for name, flag in typed.items() if name not in MODES[mode]] if mode else TLS & typed.keys()
    if mode and alien:
        raise UsageError(f"{', '.join(alien)} cannot go with --{mode}. Type them in two commands.")
    if alien:
        flags = ", ".join(typed[name] for name in sorted(alien))
        raise UsageError(
            f"{flags}: only --check dials a daemon. Type: apispy certs --check HOST:PORT {flags} ..."
        )


def _make(
    hosts: tuple[str, ...], ips: tuple[str, ...], out: Path | None, ca: Path | None, **order: Any
) -> int:
    from apispy import certs

    names = [*hosts, *map(_address, ips)]
    if not names and not order["clients"]:
        raise UsageError(
            "Nothing to do. Type for example: apispy certs --host orion --ip 192.168.0.29 --out DIR, "
            "apispy certs --show DIR or apispy certs --check orion:2376."
        )
    where = out or (None if names else ca)
    if where is None:
        raise UsageError("Where shall the files go? Type --out DIR; it is made if it is not there.")
    _print(certs.instructions(certs.make(certs.Order(out=where, hosts=names, ca=ca, **order))))
    return 0


def _address(text: str) -> str:
    try:
        ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        raise UsageError(
            f"--ip {text}: expected an IP address like 192.168.0.29; a name goes with --host."
        ) from None
    return text


def _show(directory: Path) -> int:
    from apispy import certs

    account = certs.report_on_directory(directory)
    _print(account.lines())
    return 0 if account.good else 1


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

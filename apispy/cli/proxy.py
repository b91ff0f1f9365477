"""``apispy``: stand between a client and a daemon, and show what they say."""

import os
import sys
from pathlib import Path

import click

from apispy import __version__
from apispy.cli.types import Size

FILE = click.Path(path_type=Path)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--listen", default="2377", show_default=True, metavar="ADDRESS",
              help="Where clients connect: PORT (on 127.0.0.1), HOST:PORT, tcp://HOST:PORT or unix:///PATH. "
                   "Port 0 takes any free one.")  # fmt: skip
@click.option("--upstream", metavar="ADDRESS",
              help="The daemon: HOST:PORT, tcp://..., unix:///PATH or ssh://USER@HOST. "
                   "Without it: the one that the docker CLI would use.")  # fmt: skip
@click.option(
    "--tls", is_flag=True, help="Use TLS to the daemon without verifying it, as `docker --tls` does."
)
@click.option(
    "--tlsverify",
    is_flag=True,
    default=None,
    help="Use TLS to the daemon and verify it. Port 2376 means this.",
)
@click.option(
    "--tlscacert",
    type=FILE,
    metavar="FILE",
    help="Trust only the CA in this file.  [default: DOCKER_CERT_PATH/ca.pem]",
)
@click.option(
    "--tlscert", type=FILE, metavar="FILE", help="Our certificate for the daemon.  [default: .../cert.pem]"
)
@click.option("--tlskey", type=FILE, metavar="FILE", help="Our key for the daemon.  [default: .../key.pem]")
@click.option("--certs-dir", type=FILE, metavar="DIR",
              help="Our CA, and the certificates of the listener and its clients; made on first use.")  # fmt: skip
@click.option(
    "--listen-plaintext", is_flag=True, help="No TLS on a TCP listener: everybody who can connect is root."
)
@click.option("--insecure-allow-remote-plaintext", is_flag=True,
              help="Let --listen-plaintext use an address that other machines can reach.")  # fmt: skip
@click.option(
    "-v", "--verbose", count=True, help="-v headers and query, -vv bodies, -vvv every chunk and frame."
)
@click.option("-q", "--quiet", is_flag=True, help="Only the summary at the end.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per call instead of lines.")
@click.option("--body-limit", type=Size(), default="1M", show_default=True, metavar="SIZE",
              help="How much of each body is kept to be shown.")  # fmt: skip
@click.option(
    "--show-secrets", is_flag=True, help="Do not hide passwords, registry credentials and the like."
)
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True,
              help="auto: on a terminal, unless NO_COLOR is set.")  # fmt: skip
@click.version_option(__version__, "-V", "--version", message="apispy %(version)s")
def proxy(
    listen: str,
    upstream: str | None,
    tls: bool,
    tlsverify: bool | None,
    tlscacert: Path | None,
    tlscert: Path | None,
    tlskey: Path | None,
    certs_dir: Path | None,
    listen_plaintext: bool,
    insecure_allow_remote_plaintext: bool,
    verbose: int,
    quiet: bool,
    as_json: bool,
    body_limit: int,
    show_secrets: bool,
    color: str,
) -> int:
    """See what Docker clients and daemons say to each other, without being seen.

    \b
    apispy --upstream host:2376        then paste the lines it prints into another shell
    apispy --listen unix:///tmp/apispy.sock
    """
    from apispy import endpoints
    from apispy.cli.session import Session, View, listener_files

    where = endpoints.listen(listen)
    daemon = endpoints.upstream(
        upstream, tls=tls, tlsverify=tlsverify, tlscacert=tlscacert, tlscert=tlscert, tlskey=tlskey,
        environ=os.environ, home=Path.home(),
    )  # fmt: skip
    files = listener_files(where, certs_dir, listen_plaintext, insecure_allow_remote_plaintext)
    view = View(verbose, quiet, as_json, body_limit, show_secrets, _colored(color))
    return Session(where, daemon, files, view).run()


def _colored(wanted: str) -> bool:
    if wanted == "auto":
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return wanted == "always"

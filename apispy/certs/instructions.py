"""Instructions for new certificates: the commands and settings of daemon and client, as lines of text."""

import json
import shlex
from pathlib import Path

from apispy import system
from apispy.certs.layout import MEANING
from apispy.certs.make import Made
from apispy.endpoints.address import bracketed

PORT = 2376  # the TLS port in Docker's documentation
SOCKET = "unix:///var/run/docker.sock"
DROP_IN = "/etc/systemd/system/docker.service.d/override.conf"


def instructions(made: Made) -> list[str]:
    """The instructions for *made*."""
    lines = _files(made)
    if made.hosts:
        lines += ["", *_daemon_side(made), "", *_client_side(made)]
    for part in made.parts:
        if part.client and part.role == "cert":
            lines += ["", f"For {part.client}: hand over {part.path.parent}, to be used as DOCKER_CERT_PATH."]
    return lines


def _files(made: Made) -> list[str]:
    names = [str(part.path.relative_to(made.out)) for part in made.parts]
    width = max(map(len, names))
    lines = [f"Made in {made.out}:"]
    lines += [f"  {name:{width}}  {MEANING[part.role]}" for name, part in zip(names, made.parts, strict=True)]
    if (mode := system.mode_bits(made.out.stat().st_mode) & 0o777) & 0o077:
        lines.append(f"The directory existed, with mode {mode:04o}. Better: chmod 700 {_q(made.out)}")
    return lines


def daemon_json(made: Made) -> str:
    """The daemon's settings in the form of /etc/docker/daemon.json."""
    settings = {
        "hosts": [SOCKET, f"tcp://0.0.0.0:{PORT}"],
        "tlsverify": True,
        "tlscacert": str(made.path("ca")),
        "tlscert": str(made.path("server")),
        "tlskey": str(made.path("server-key")),
    }
    return json.dumps(settings, indent=2)


def _daemon_side(made: Made) -> list[str]:
    needed = [made.path(role) for role in ("ca", "server", "server-key")]
    return [
        f"== The daemon's side ({made.hosts[0]}) ==",
        f"It needs {', '.join(path.name for path in needed)}, and none of the other files. If it runs on another",
        "machine, copy them there and change the paths below.",
        "",
        "Either in /etc/docker/daemon.json:",
        *daemon_json(made).splitlines(),
        "",
        "or as flags:",
        f"dockerd -H {SOCKET} -H tcp://0.0.0.0:{PORT} " + _tls_flags(needed[0], needed[1], needed[2]),
        "",
        'With systemd: docker.service itself passes -H fd://, and dockerd does not start when "hosts" is in',
        f"daemon.json too. So take it out of the unit, in {DROP_IN}:",
        "[Service]",
        "ExecStart=",
        "ExecStart=/usr/bin/dockerd --containerd=/run/containerd/containerd.sock",
        "",
        "The second ExecStart is that of `systemctl cat docker` without -H. Then:",
        "systemctl daemon-reload && systemctl restart docker",
    ]


def _client_side(made: Made) -> list[str]:
    ca, cert, key = (made.path(role) for role in ("ca", "cert", "key"))
    address = f"{bracketed(made.hosts[0])}:{PORT}"
    lines = [
        "== The client's side ==",
        f"It needs {ca.name}, {cert.name} and {key.name} in one directory:",
        f"export DOCKER_HOST=tcp://{address}",
        "export DOCKER_TLS_VERIFY=1",
        f"export DOCKER_CERT_PATH={_q(cert.parent)}",
        "docker version",
        "",
        "or as flags:",
        f"docker -H tcp://{address} {_tls_flags(ca, cert, key)} version",
        "",
        "or without docker:",
        f"curl --cacert {_q(ca)} --cert {_q(cert)} --key {_q(key)} https://{address}/version",
        "",
        "If that fails, find the failing step and its reason with:",
        f"apispy certs --check {address} " + _tls_flags(ca, cert, key).removeprefix("--tlsverify "),
    ]
    if len(made.hosts) > 1:
        lines.append(f"The daemon's certificate is also for {', '.join(made.hosts[1:])}.")
    return lines


def _tls_flags(ca: Path, cert: Path, key: Path) -> str:
    return f"--tlsverify --tlscacert={_q(ca)} --tlscert={_q(cert)} --tlskey={_q(key)}"


def _q(path: Path) -> str:
    return shlex.quote(str(path))

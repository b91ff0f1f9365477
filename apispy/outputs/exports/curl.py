"""A script for a POSIX shell: the calls as curl commands, in the order in which they began.

It goes where DOCKER_HOST says, as docker does, else to the daemon that the calls went to. An id that a call returned
and later ones use is taken from the new answer. A call that waited for what later ones did runs in the background.
"""

import base64
import shlex
from collections.abc import Iterable, Iterator

import apispy
from apispy.model import REDACTED
from apispy.outputs import units
from apispy.outputs.base import Reading
from apispy.outputs.curl import parts, why_not
from apispy.outputs.escaping import escape
from apispy.outputs.exports.base import exporter
from apispy.outputs.exports.script_steps import Script, Step, filled, script

BEGINNING = r"""
host=${DOCKER_HOST:-$recorded}
set -- -sS -w '%{stderr}%{http_code} %{url_effective}\n'
case $host in
unix://*)
    set -- "$@" --unix-socket "${host#unix://}"
    base=http://localhost
    ;;
*)
    base=http://${host#*://}
    if [ -n "${DOCKER_TLS_VERIFY-}" ]; then
        certs=${DOCKER_CERT_PATH:-$HOME/.docker}
        set -- "$@" --cacert "$certs/ca.pem" --cert "$certs/cert.pem" --key "$certs/key.pem"
        base=https://${host#*://}
    fi
    ;;
esac

id_in() { # the first Id in a JSON answer
    printf '%s' "$1" | tr '{,' '\n\n' | sed -n 's/^ *"I[dD]": *"\([^"]*\)".*/\1/p' | head -n 1
}
"""

SOCKET = "unix:///var/run/docker.sock"


@exporter("curl", suffix=".sh", says="a shell script of curl commands")
def export(readings: Iterable[Reading]) -> Iterator[str]:
    calls = script(readings)
    count = units.count(len(calls.steps), "calls")
    yield "#!/bin/sh\n"
    yield f"# {count} of Docker's API, exported by apispy {apispy.__version__}. Each command prints the answer,\n"
    yield "# and on standard error the status and the URL. To send them elsewhere, set DOCKER_HOST,\n"
    yield "# DOCKER_TLS_VERIFY and DOCKER_CERT_PATH as for docker: DOCKER_HOST=tcp://127.0.0.1:2375 sh FILE\n"
    yield f"\nrecorded={shlex.quote(recorded(calls))}{BEGINNING}"
    for step in calls.steps:
        yield "\n" + "".join(f"{line}\n" for line in _call(step, calls))
    if any(step.background for step in calls.steps):
        yield "\nwait\n"


def recorded(calls: Script) -> str:
    """Where the first call went, if a script can go there."""
    first = next((escape(step.reading.exchange.upstream) for step in calls.steps), "")
    return first if first.startswith(("unix://", "tcp://")) else SOCKET


def _call(step: Step, calls: Script) -> Iterator[str]:
    yield f"# {step.title}"
    if why := why_not(step.reading):
        yield f"# {why}"
        return
    kept: list[bytes] = []

    def keep(name: str, data: bytes) -> str:
        kept.append(data)
        return "-"

    before, words, remark = parts(step.reading, keep)
    yield from (f"# {text}" for text in _remarks(step, remark))
    if kept:
        before = "base64 -d <<'END' | "
    line = before + _line(step, words, calls)
    document = [*base64.encodebytes(kept[0]).decode("ascii").splitlines(), "END"] if kept else []
    if step.gives:
        yield from [f"answer=$({line}", *document, ")"] if document else [f"answer=$({line})"]
        yield "printf '%s\\n' \"$answer\""
        yield f'{step.gives}=$(id_in "$answer")'
    else:
        yield f"{line} &" if step.background else line
        yield from document
    if step.background:
        yield "sleep 1 # until it is under way"


def _line(step: Step, words: list[str], calls: Script) -> str:
    limit = [f"--max-time {step.seconds}"] if step.seconds else []
    quoted = [filled(word, calls, shlex.quote, lambda name: f'"${name}"') for word in words]
    quoted[-1] = f'"$base"{quoted[-1]}'
    return escape(" ".join(['curl "$@"', *limit, *quoted]))


def _remarks(step: Step, remark: str) -> Iterator[str]:
    if remark:
        yield remark
    if step.hides:
        yield f"{REDACTED} stands for a secret: put it in"
    tunnel = step.reading.exchange.tunnel
    if tunnel is not None and tunnel.to_server.size:
        yield f"curl cannot send what was typed here ({units.size(tunnel.to_server.size)})"

"""A POSIX shell script of curl commands that makes the calls in the order in which they began.

It calls the daemon of DOCKER_HOST, as docker does, or else the recorded one. An ID that a call returned and later calls
use is taken from the new response. A call that waited for the effect of later calls runs in the background.
"""

import base64
import shlex
from collections.abc import Iterable, Iterator

import apispy
from apispy import units
from apispy.model import REDACTED
from apispy.outputs.base import DecodedCall
from apispy.outputs.curl import command_parts, reason_impossible
from apispy.outputs.escaping import escape
from apispy.outputs.exports.base import exporter
from apispy.outputs.exports.script_steps import Script, Step, build_script, with_ids

PROLOGUE = r"""
host=${DOCKER_HOST:-$recorded}
set -- -sS -w '%{stderr}%{http_code} %{url_effective}\n'
case $host in
unix://*)
    set -- "$@" --unix-socket "${host#unix://}"
    base=http://localhost
    ;;
*)
    base=http://${host#*://}
    case $host in https://*) base=$host ;; esac
    if [ -n "${DOCKER_TLS_VERIFY-}" ]; then
        certs=${DOCKER_CERT_PATH:-$HOME/.docker}
        set -- "$@" --cacert "$certs/ca.pem" --cert "$certs/cert.pem" --key "$certs/key.pem"
        base=https://${host#*://}
    fi
    ;;
esac

id_in() { # print the first Id in a JSON response
    printf '%s' "$1" | tr '{,' '\n\n' | sed -n 's/^ *"I[dD]": *"\([^"]*\)".*/\1/p' | head -n 1
}
"""

SOCKET = "unix:///var/run/docker.sock"


@exporter("curl", suffix=".sh", description="a shell script of curl commands", has_urls=True)
def export(decoded_calls: Iterable[DecodedCall]) -> Iterator[str]:
    calls = build_script(decoded_calls)
    count = units.count(len(calls.steps), "calls")
    yield "#!/bin/sh\n"
    yield f"# {count} of the Docker API, exported by apispy {apispy.__version__}. Each command prints the response,\n"
    yield "# and the status and URL on standard error. To call another daemon, set DOCKER_HOST,\n"
    yield "# DOCKER_TLS_VERIFY and DOCKER_CERT_PATH as for docker: DOCKER_HOST=tcp://127.0.0.1:2375 sh FILE\n"
    lines = ["\n" + "".join(f"{line}\n" for line in _call(step, calls)) for step in calls.steps]
    yield from _secrets(calls, "".join(lines))
    yield f"\nrecorded={shlex.quote(recorded_upstream(calls))}{PROLOGUE}"
    yield from lines
    if any(step.background for step in calls.steps):
        yield "\nwait\n"


def _secrets(calls: Script, text: str) -> Iterator[str]:
    """Yield the lines that end the script unless the secrets of its requests are set."""
    found = list(calls.secrets(text))
    if found:
        yield "\n# Secrets were hidden: set them in the environment, in JSON and URLs as they are encoded there.\n"
    for secret in found:
        yield f': "${{{secret.name}:?set {secret.name} to the secret at {secret.place}}}"\n'


def recorded_upstream(calls: Script) -> str:
    """Return the upstream of the first call if a script can reach it, else the default socket."""
    first = next((escape(step.decoded.exchange.upstream) for step in calls.steps), "")
    return first if first.startswith(("unix://", "tcp://", "https://")) else SOCKET


def _call(step: Step, calls: Script) -> Iterator[str]:
    yield f"# {step.title}"
    if why := reason_impossible(step.decoded):
        yield f"# {why}"
        return
    kept: list[bytes] = []

    def save(name: str, data: bytes) -> str:
        kept.append(data)
        return "-"

    pipe, words, comment = command_parts(step.decoded, save)
    if kept:
        pipe = "base64 -d <<'END' | "
    line = pipe + _line(step, words, calls)
    yield from (f"# {text}" for text in _comments(step, comment, line))
    document = [*base64.encodebytes(kept[0]).decode("ascii").splitlines(), "END"] if kept else []
    if step.id_variable:
        yield from [f"response=$({line}", *document, ")"] if document else [f"response=$({line})"]
        yield "printf '%s\\n' \"$response\""
        yield f'{step.id_variable}=$(id_in "$response")'
    else:
        yield f"{line} &" if step.background else line
        yield from document
    if step.background:
        yield "sleep 1 # wait until it has started"


def _line(step: Step, words: list[str], calls: Script) -> str:
    limit = [f"--max-time {step.time_limit}"] if step.time_limit else []
    quoted = [with_ids(word, calls, shlex.quote, lambda name: f'"${name}"') for word in words]
    quoted[-1] = f'"$base"{quoted[-1]}'
    return escape(" ".join(['curl "$@"', *limit, *quoted]))


def _comments(step: Step, comment: str, line: str) -> Iterator[str]:
    if comment:
        yield comment
    if step.has_redactions(line):
        yield f"{REDACTED} replaces a secret, maybe in base64: fill it in"
    tunnel = step.decoded.exchange.tunnel
    if tunnel is not None and tunnel.to_server.size:
        yield f"curl cannot send the standard input recorded here ({units.size(tunnel.to_server.size)})"

"""The text of the exported Python scripts: values as literals, calls, and what both kinds of scripts begin with."""

import base64
import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import apispy
from apispy.model import REDACTED
from apispy.outputs import units
from apispy.outputs.base import Reading
from apispy.outputs.curl import LEFT_OUT, why_not
from apispy.outputs.exports.script_steps import Script, Step

WIDTH = 100
"""Characters of a line, where it can be broken."""

INLINE = 1 << 10
"""Bytes of a body that stand in one literal; longer ones are written in base64, over several lines."""

TARGETS = '''They go where DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH say, as those of docker do, else to
where they went.
"""

'''

FUNCTIONS = '''

def show_status(answer, **_):
    print(answer.status_code, answer.request.method, answer.request.path_url, file=sys.stderr)


http.hooks["response"].append(show_status)


def send(method, path, seconds=None, **more):
    """One call as it was, for at most so many seconds; the JSON in its answer, or the bytes."""
    end = time.monotonic() + (seconds or float("inf"))
    data = b""
    with http.request(method, base + path, stream=True, timeout=seconds, **more) as answer:
        for piece in answer.iter_content(None):
            data += piece
            if time.monotonic() > end:
                break
    try:
        return json.loads(data)
    except ValueError:
        return data


def call(function, *words, **more):
    """Do it, and print what came back; an error does not end the script."""
    try:
        answer = function(*words, **more)
    except (requests.RequestException, OSError, ValueError, KeyError) as error:
        answer = f"{type(error).__name__}: {error}"
    print(answer)
    return answer


def background(function, *words, **more):
    """Do it while the script goes on, after a moment to get under way."""
    threading.Thread(target=call, args=(function, *words), kwargs=more).start()
    time.sleep(1)


def id_in(answer):
    return (answer.get("Id") or answer.get("ID") or "") if isinstance(answer, dict) else ""
'''
"""After ``http``, a requests.Session, and ``base``, the URL of the daemon."""


def text(calls: Script, title: str, beginning: str, made: Callable[[Step], str]) -> Iterator[str]:
    """The whole script; *made* gives "function, argument, ..." for a call."""
    count = units.count(len(calls.steps), "calls")
    yield f'"""{count} of Docker\'s API, exported by apispy {apispy.__version__}, for {title}\n\n{TARGETS}'
    yield f"{beginning}{FUNCTIONS}"
    for step in calls.steps:
        yield "\n\n" + "".join(f"{line}\n" for line in _comments(step))
        yield f"{_statement(step, made)}\n"


def _statement(step: Step, made: Callable[[Step], str]) -> str:
    """The line that makes the call and takes the id."""
    if why := why_not(step.reading):
        return f"# {why.replace('curl cannot repeat this', 'this cannot be repeated')}"
    if step.gives:
        return f"{step.gives} = id_in(call({made(step)}))"
    return f"background({made(step)})" if step.background else f"call({made(step)})"


def _comments(step: Step) -> Iterator[str]:
    yield f"# {step.title}"
    request, tunnel = step.reading.exchange.request, step.reading.exchange.tunnel
    if not request.body.shown:
        yield f"# the body ({units.size(request.body.size)}) is withheld: it contains secrets"
    elif request.body.cut:
        yield f"# of the body only {units.size(request.body.kept)} of {units.size(request.body.size)} were kept"
    if step.hides:
        yield f"# {REDACTED} stands for a secret: put it in"
    if tunnel is not None and tunnel.to_server.size:
        yield f"# what was typed here ({units.size(tunnel.to_server.size)}) is not sent"


def plain(step: Step, calls: Script) -> str:
    """The call as it was: "send, 'POST', '/v1.41/...', ..."."""
    reading = step.reading
    request = reading.exchange.request
    words = ["send", repr(request.method), literal(_path(reading), calls)]
    if reading.call.query:
        words.append(f"params={literal(_mapping(reading.call.query), calls)}")
    content = _content(reading, calls)
    headers = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in request.headers
        if name.lower() not in LEFT_OUT
        and not (content.startswith("json=") and name.lower() == b"content-type")
    ]
    if headers:
        words.append(f"headers={literal(dict(headers), calls)}")
    words += [content] if content else []
    words += [f"seconds={step.seconds}"] if step.seconds else []
    return joined(words)


def joined(words: list[str]) -> str:
    one = ", ".join(words)
    if len(one) <= WIDTH and "\n" not in one:
        return one
    return "\n" + "".join(f"    {word.replace(chr(10), chr(10) + '    ')},\n" for word in words)


def _path(reading: Reading) -> str:
    """Without the query, which is given as parameters, and without scheme and host."""
    path = reading.exchange.request.target.partition("?")[0]
    return "/" + path.split("://", 1)[1].partition("/")[2] if "://" in path else path


def _mapping(pairs: tuple[tuple[str, str], ...]) -> Any:
    """A dict where no name comes twice, else the list of pairs."""
    return dict(pairs) if len(dict(pairs)) == len(pairs) else [list(pair) for pair in pairs]


def _content(reading: Reading, calls: Script) -> str:
    """The body as an argument: "json={...}" or "data=b'...'"."""
    request = reading.exchange.request
    data = request.body.data
    if not data:
        return ""
    if "json" in request.headers.text("content-type"):
        try:
            value = json.loads(data)
            if isinstance(value, dict | list):  # requests takes None for no body
                return f"json={literal(value, calls)}"
        except (ValueError, RecursionError):
            pass
    if len(data) <= INLINE:
        return f"data={data!r}"
    lines = base64.encodebytes(data).decode("ascii").splitlines()
    return 'data=base64.b64decode("""\n' + "\n".join(lines) + '\n""")'


def literal(value: Any, calls: Script) -> str:
    """A JSON value as Python writes it, over several lines if it is long; ids are variables."""
    if isinstance(value, str):
        return _text(value, calls)
    if isinstance(value, dict):
        return _enclosed(
            "{}", [f"{value_name!r}: {literal(part, calls)}" for value_name, part in value.items()]
        )
    if isinstance(value, list):
        return _enclosed("[]", [literal(part, calls) for part in value])
    if isinstance(value, float) and not math.isfinite(value):
        return f"float({str(value)!r})"
    return repr(value)


def _text(value: str, calls: Script) -> str:
    words = [piece if is_name else repr(piece) for piece, is_name in calls.pieces(value) if piece]
    return " + ".join(words) or "''"


def _enclosed(brackets: str, parts: list[str]) -> str:
    one = brackets[0] + ", ".join(parts) + brackets[1]
    if len(one) <= WIDTH and "\n" not in one:
        return one
    inner = "".join(f"    {part.replace(chr(10), chr(10) + '    ')},\n" for part in parts)
    return f"{brackets[0]}\n{inner}{brackets[1]}"

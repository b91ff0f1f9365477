"""The text of exported Python scripts: values as literals, calls, and the functions that every script defines."""

import base64
import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import apispy
from apispy import units
from apispy.model import REDACTED
from apispy.outputs.base import DecodedCall
from apispy.outputs.curl import OMITTED_HEADERS, reason_impossible
from apispy.outputs.exports.script_steps import Script, Step

WIDTH = 100
"""Maximum characters of a line that can be wrapped."""

MAX_INLINE_BODY = 1 << 10
"""Maximum bytes of a body in a bytes literal; longer bodies are in base64, over several lines."""

TARGETS = '''The calls go to the daemon of DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH, as for docker,
or else to the recorded one.
"""

'''

FUNCTIONS = '''

def show_status(response, **_):
    print(response.status_code, response.request.method, response.request.path_url, file=sys.stderr)


http.hooks["response"].append(show_status)


def send(method, path, seconds=None, **options):
    """Send one request, for at most the given seconds. Return the JSON of the response, or its bytes."""
    end = time.monotonic() + (seconds or float("inf"))
    data = b""
    with http.request(method, base + path, stream=True, timeout=seconds, **options) as response:
        for piece in response.iter_content(None):
            data += piece
            if time.monotonic() > end:
                break
    try:
        return json.loads(data)
    except ValueError:
        return data


def call(function, *args, **options):
    """Make a call and print its result. An error does not end the script."""
    try:
        result = function(*args, **options)
    except (requests.RequestException, OSError, ValueError, KeyError) as error:
        result = f"{type(error).__name__}: {error}"
    print(result)
    return result


def background(function, *args, **options):
    """Make a call in the background, and wait a second for it to start."""
    threading.Thread(target=call, args=(function, *args), kwargs=options).start()
    time.sleep(1)


def id_in(result):
    return (result.get("Id") or result.get("ID") or "") if isinstance(result, dict) else ""
'''
"""After ``http``, a requests.Session, and ``base``, the URL of the daemon."""


def script_text(
    calls: Script, title: str, prologue: str, format_call: Callable[[Step], str]
) -> Iterator[str]:
    """Yield the whole script; *format_call* returns "function, argument, ..." for a call."""
    count = units.count(len(calls.steps), "calls")
    lines = [_call(step, format_call) for step in calls.steps]
    secrets = list(calls.secrets("".join(lines)))
    yield f'"""{count} of the Docker API, exported by apispy {apispy.__version__}, for {title}\n\n{TARGETS}'
    yield prologue
    if secrets:
        yield "\n# Secrets were hidden: set them in the environment.\n"
    for one in secrets:
        why = f"set {one.name} to the secret at {one.place}"
        yield f"{one.name} = os.environ.get({one.name!r}) or sys.exit({why!r})\n"
    yield FUNCTIONS
    yield from lines


def _call(step: Step, format_call: Callable[[Step], str]) -> str:
    statement = _statement(step, format_call)
    return "\n\n" + "".join(f"{line}\n" for line in [*_comments(step, statement), statement])


def _statement(step: Step, format_call: Callable[[Step], str]) -> str:
    """Return the statement that makes the call and stores its ID."""
    if why := reason_impossible(step.decoded):
        return f"# {why.replace('curl cannot repeat this', 'this cannot be repeated')}"
    if step.id_variable:
        return f"{step.id_variable} = id_in(call({format_call(step)}))"
    return f"background({format_call(step)})" if step.background else f"call({format_call(step)})"


def _comments(step: Step, statement: str) -> Iterator[str]:
    yield f"# {step.title}"
    request, tunnel = step.decoded.exchange.request, step.decoded.exchange.tunnel
    if not request.body.shown:
        yield f"# the body ({units.size(request.body.size)}) is withheld: it contains secrets"
    elif request.body.cut:
        yield f"# only {units.size(request.body.kept)} of the body ({units.size(request.body.size)}) were kept"
    if step.has_redactions(statement):
        yield f"# {REDACTED} replaces a secret, maybe in base64: fill it in"
    if tunnel is not None and tunnel.to_server.size:
        yield f"# the standard input recorded here ({units.size(tunnel.to_server.size)}) is not sent"


def unchanged_call(step: Step, calls: Script) -> str:
    """Return the call unchanged: "send, 'POST', '/v1.41/...', ..."."""
    decoded = step.decoded
    request = decoded.exchange.request
    words = ["send", repr(request.method), literal(_path(decoded), calls)]
    if decoded.call.query:
        words.append(f"params={literal(_mapping(decoded.call.query), calls)}")
    content = _content(decoded, calls)
    headers = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in request.headers
        if name.lower() not in OMITTED_HEADERS
        and not (content.startswith("json=") and name.lower() == b"content-type")
    ]
    if headers:
        words.append(f"headers={literal(dict(headers), calls)}")
    words += [content] if content else []
    words += [f"seconds={step.time_limit}"] if step.time_limit else []
    return arguments_text(words)


def arguments_text(words: list[str]) -> str:
    """Join arguments, over several lines if they are long."""
    one = ", ".join(words)
    if len(one) <= WIDTH and "\n" not in one:
        return one
    return "\n" + "".join(f"    {word.replace(chr(10), chr(10) + '    ')},\n" for word in words)


def _path(decoded: DecodedCall) -> str:
    """Return the path without scheme, host and query; the query is passed as parameters."""
    path = decoded.exchange.request.target.partition("?")[0]
    return "/" + path.split("://", 1)[1].partition("/")[2] if "://" in path else path


def _mapping(pairs: tuple[tuple[str, str], ...]) -> Any:
    """Return a dict if no name repeats, else the list of pairs."""
    return dict(pairs) if len(dict(pairs)) == len(pairs) else [list(pair) for pair in pairs]


def _content(decoded: DecodedCall, calls: Script) -> str:
    """Return the body as an argument: "json={...}" or "data=b'...'"."""
    request = decoded.exchange.request
    data = request.body.data
    if not data:
        return ""
    if "json" in request.headers.text("content-type"):
        try:
            value = json.loads(data)
            if isinstance(value, dict | list):  # requests treats None as no body
                return f"json={literal(value, calls)}"
        except (ValueError, RecursionError):
            pass
    if len(data) <= MAX_INLINE_BODY:
        return f"data={data!r}"
    lines = base64.encodebytes(data).decode("ascii").splitlines()
    return 'data=base64.b64decode("""\n' + "\n".join(lines) + '\n""")'


def literal(value: Any, calls: Script) -> str:
    """Format a JSON value as a Python literal, over several lines if it is long; IDs become variables."""
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

"""Parses a pasted curl command: over several lines, after a prompt or a pipe, with its quotes."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote_plus

from apispy.engine import Call
from apispy.engine.lookup import FORM, JSON, form_parameters
from apispy.learn.explain.records import Question
from apispy.learn.explain.request_line import calls
from apispy.structs import replace

WITH_VALUE = {
    "-X": "method", "--request": "method",
    "-H": "header", "--header": "header",
    "-d": "data", "--data": "data", "--data-raw": "data", "--data-ascii": "data", "--json": "json",
    "--data-binary": "data", "--data-urlencode": "encoded",
    "--url": "url",
    "-T": "upload", "--upload-file": "upload",
    "-F": "multipart", "--form": "multipart", "--form-string": "multipart",
}  # fmt: skip
"""curl options that define the request."""

IGNORED_WITH_VALUE = frozenset({
    "--unix-socket", "--abstract-unix-socket", "--cacert", "--capath", "--cert", "--key", "--cert-type",
    "--key-type", "--pass", "--user", "--output", "--max-time", "--connect-timeout", "--user-agent",
    "--referer", "--write-out", "--proxy", "--resolve", "--retry", "--cookie", "--cookie-jar",
    "--config", "--range", "--dump-header", "--stderr", "--trace", "--trace-ascii",
    "--noproxy", "--connect-to", "--request-target", "-E", "-u", "-o", "-m", "-A", "-e", "-w", "-x",
    "-b", "-c", "-K", "-r", "-D",
})  # fmt: skip
"""Other curl options that take a value."""

FLAGS = {"-I": "head", "--head": "head", "-G": "get", "--get": "get"}

_CONTINUED = re.compile(r"\\\r?\n")
_COMMAND = re.compile(r"(?:^|[|;&\n])\s*(?:[$#%>]\s+)?(?:sudo\s+)?(?:\S*/)?curl\s+(.*)", re.DOTALL)


@dataclass
class _Line:
    """The request that the options define."""

    method: str = ""
    url: str = ""
    head: bool = False
    get: bool = False
    json: bool = False
    upload: bool = False
    multipart: bool = False
    headers: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)


def curl_line(text: str) -> tuple[Question, ...] | None:
    """Return the call of a curl command; () if it is not a Docker API call, None if *text* is not a curl command."""
    command = _COMMAND.search(_CONTINUED.sub(" ", text))
    if not command:
        return None
    line = _Line()
    for name, value in _options(_words(command[1])):
        _apply(line, name, value)
    body = "&".join(line.data)
    target = re.sub(
        r"^(?![a-z]+://|/)", "http://", line.url, flags=re.IGNORECASE
    )  # curl takes "localhost/info"
    if line.get and body:
        target, body = f"{target}{'&' if '?' in target else '?'}{body}", ""
    names = tuple(dict.fromkeys(header.partition(":")[0].strip() for header in line.headers))
    media_type = _media_type(line)
    return tuple(Question(call.operation, _with_form(call, media_type, body), names, body, media_type)
                 for call in calls(_method(line, body), target))  # fmt: skip


def _words(text: str) -> list[str]:
    """Split like a shell, without comments; at spaces if a quote is not closed."""
    text = text.replace(" $'", " '")
    try:
        return shlex.split(text, comments=True)
    except ValueError:
        return text.split()


def _options(words: list[str]) -> Iterator[tuple[str, str]]:
    """Yield pairs of an option's meaning and its value."""
    remaining = iter(words)
    for word in remaining:
        if word in ("|", ";", "&&", "&", ">"):  # the command ends here
            return
        name, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
        if word.startswith("--") and name in FLAGS:
            yield FLAGS[name], ""
        elif word.startswith("--") and name in WITH_VALUE:
            yield WITH_VALUE[name], value if equals else next(remaining, "")
        elif word.startswith("--") and name in IGNORED_WITH_VALUE:
            value = value if equals else next(remaining, "")
        elif not word.startswith("-"):
            yield "url", word
        elif not word.startswith("--"):
            yield from _short(word, remaining)


def _short(word: str, remaining: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Yield short options combined in one word; the last may take a value: "-sSXPOST", "-sSX POST"."""
    for end, letter in enumerate(word[1:], 2):
        name = f"-{letter}"
        if name in FLAGS:
            yield FLAGS[name], ""
        elif name in WITH_VALUE or name in IGNORED_WITH_VALUE:
            value = word[end:] or next(remaining, "")
            if name in WITH_VALUE:
                yield WITH_VALUE[name], value
            return


def _apply(line: _Line, name: str, value: str) -> None:
    match name:
        case "method":
            line.method = value
        case "url":
            line.url = line.url or value
        case "head":
            line.head = True
        case "get":
            line.get = True
        case "header":
            line.headers.append(value)
        case "upload":
            line.method, line.data, line.upload = line.method or "PUT", [f"@{value}"], True
        case "multipart":
            line.multipart = True
        case "encoded":
            key, equals, rest = value.partition("=")
            line.data.append(
                f"{key}={quote_plus(rest, errors='replace')}"
                if equals
                else quote_plus(value, errors="replace")
            )
        case "data" | "json":
            line.json |= name == "json"
            line.data.append(value)


def _method(line: _Line, body: str) -> str:
    return line.method or ("HEAD" if line.head else "POST" if body or line.multipart else "GET")


def _media_type(line: _Line) -> str:
    """The type that curl declares: the one given, JSON with --json, none with -T, else a form."""
    typed = next((h for h in line.headers if h.lower().startswith("content-type:")), None)
    if typed is not None:
        return typed.partition(":")[2].partition(";")[0].strip().lower()
    return JSON if line.json else "" if line.upload or line.multipart else FORM


def _with_form(call: Call, media_type: str, body: str) -> Call:
    """Add the parameters of a form."""
    if media_type != FORM or body.startswith(("@", "{", "[")):
        return call
    return replace(call, form=form_parameters(body.encode("utf-8", "replace")))

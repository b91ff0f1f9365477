"""Normalization of output: placeholders replace what differs in every run, so that the rest can be compared."""

import re
from collections.abc import Callable

from .clients import Client

Normalizer = Callable[[str], str]

_HEX_ID = re.compile(r"\b(?:sha256:)?([0-9a-f]{64}|[0-9a-f]{12})\b")
_EVERYWHERE = [
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)? ?(Z|[+-]\d\d:?\d\d)?( UTC)?"), "<time>"),
    (re.compile(r"\b\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT"), "<date>"),
    (
        re.compile(r"Less than a second( ago)?|About a minute( ago)?|\b\d+ (second|minute)s?( ago)?\b"),
        "<span>",
    ),
    (re.compile(r"127\.0\.0\.1:\d+"), "<address>"),
    (re.compile(r"\[harness: killed after \d+ s\]"), "<killed by the harness>"),
]


def normalize(client: Client, data: bytes) -> str:
    """Replace the names, addresses, ids and times of this run."""
    text = data.decode(errors="backslashreplace")
    text = text.replace(client.endpoint.host, "<host>").replace(str(client.where), "<where>")
    if client.endpoint.is_unix:
        text = text.replace(client.endpoint.path, "<socket>")
    text = text.replace(client.prefix, "<p>")  # last: the name may be part of a path
    for pattern, word in _EVERYWHERE:
        text = pattern.sub(word, text)
    return _number_ids(text)


def _number_ids(text: str) -> str:
    """Number the ids. A long id and its short form get the same number, so mixed-up ids show."""
    known: dict[str, int] = {}

    def name(match: re.Match[str]) -> str:
        number = known.setdefault(match[1][:12], len(known) + 1)
        return f"<{'id' if len(match[1]) == 64 else 'short-id'} {number}>"

    return _HEX_ID.sub(name, text)


def table(text: str) -> str:
    """Collapse column padding, because a column is as wide as its widest cell, which may be a time."""
    return re.sub(r" {2,}|─+", "  ", text)


def digits(text: str) -> str:
    return re.sub(r"\d+(\.\d+)?", "<n>", text)


def sort(text: str) -> str:
    return "".join(sorted(text.splitlines(keepends=True)))


def without(pattern: str) -> Normalizer:
    """Drop lines that match."""
    compiled = re.compile(pattern)
    return lambda text: "".join(x for x in text.splitlines(keepends=True) if not compiled.search(x))


def replace(pattern: str, word: str) -> Normalizer:
    compiled = re.compile(pattern)
    return lambda text: compiled.sub(word, text)


def without_screen_codes(text: str) -> str:
    """Reduce the output of `docker stats` to a set of lines, because the number of repaints varies."""
    text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "\n", text)
    return "".join(sorted({line.strip() + "\n" for line in text.splitlines() if line.strip()}))


def buildkit(text: str) -> str:
    """Keep only what the steps of --progress=plain print: which progress lines appear, and their order, varies."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    text = re.sub(r"(?m)^#\d+ (\d+\.\d+ )?|^\d+\.\d{3} ", "# ", text)
    text = re.sub(r"\bof ref \S+( \d+>)?::\w+", "of ref <ref>", text)
    text = re.sub(r"\d+\.\d+s", "<s>", text)
    text = re.sub(r"(\d+(\.\d+)?[kM]?B / )?\d+(\.\d+)?[kM]?B (<s> )?(done)?", "<size>", text)
    text = text.replace(" <s> done", " done")
    progress = r"# (building with|<id|\[|DONE|CACHED|\.\.\.|transferring|exporting|writing|naming|copying|.*<size>$)|$"
    progress += r"|# sending tarball|# WARN: | - JSONArgsRecommended|.* warnings? found"
    lines = {line for line in text.splitlines() if not re.match(progress, line)}
    return "".join(f"{line}\n" for line in sorted(lines))

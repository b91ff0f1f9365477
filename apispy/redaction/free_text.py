"""Takes secrets out of text: what can be told from the text alone, and what the user's patterns find."""

import re

from apispy.redaction import categories
from apispy.redaction.tokens import PREFIX, SecretReplacer

USER = r"(?<=://)[^\s/?#\"'<>]+(?=@)"
"""The user, with a password, in a URL. Of ssh and the like a user without password is no secret."""

SWARM = r"SWM(?:TKN|KEY)-1-[\w-]+"

PRIVATE_KEY = r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,20}-----|\Z)"

KNOWN = re.compile(f"(?P<user>{USER})|(?P<swarm>{SWARM})|(?P<key>{PRIVATE_KEY})")

KINDS = {"user": categories.URL, "swarm": categories.SWARM, "key": categories.KEYS}

# A build step with its arguments; and a chunk may begin or end inside a URL.
_EDGES = rb"|\"\|\d{1,4} (?:[^\"\\]|\\.)*|\A/{0,2}[^\s/?#\"'<>]{1,512}(?=@)|(?<=://)[^\s/?#\"'<>]+\Z"
_IN_CHUNK = re.compile(KNOWN.pattern.encode() + _EDGES)

SHELL = r" /bin/\w+ (?:-\w+ (?:\w+ )?)*-c | cmd /S /C | powershell "
"""What follows the arguments: a shell, as Dockerfiles name them."""

ARGUMENTS = re.compile(rf"\A((?:RUN )?\|(\d{{1,4}}) )(.*?)(?=\Z|{SHELL})", re.DOTALL)
"""A build step with its arguments: ``|2 A=b C=d /bin/sh -c ...``, in the history and in containers of a build."""

INSTRUCTION = re.compile(r"\A((?:.*#\(nop\)\s+)?(?:ENV|ARG)\s+)(.+)\Z", re.DOTALL | re.IGNORECASE)
"""``ENV A=b``, in the parameter ``changes`` and in an image's history."""

_PAIR = re.compile(r"(\w[\w.-]*)=(\"(?:[^\"\\]|\\.)*\"|'[^']*'|(?:[^\s\\]|\\.)+)")
_BEGINS = re.compile(r" (?=[A-Za-z_]\w*=)")


def clean(hider: SecretReplacer, text: str, place: str) -> str:
    """*text* without what is known to be secret in it."""
    if "://" in text or "SWM" in text or "-----BEGIN" in text:
        text = KNOWN.sub(lambda found: _known(hider, found, place), text)
    for secret in hider.echoes:
        if secret in text:
            text = text.replace(secret, hider.hide(secret, place, categories.ECHO))
    return patterns(hider, text, place)


def patterns(hider: SecretReplacer, text: str, place: str) -> str:
    """*text* without what the user's patterns find."""
    for pattern in hider.policy.rules.patterns:
        text = pattern.substituted(text, lambda secret: hider.hide(secret, place, categories.RULE))
    return text


def _known(hider: SecretReplacer, found: re.Match[str], place: str) -> str:
    text, kind = found[0], str(found.lastgroup)
    alone = kind == "user" and ":" not in text and not _is_http(found)
    return text if alone else hider.hide(text, place, KINDS[kind])


def _is_http(found: re.Match[str]) -> bool:
    """There a user without a password may be a token."""
    return found.string.endswith(("http://", "https://"), 0, found.start())


PART = 4
"""Bytes of a secret at the end of a chunk that are starred out before it is known that the rest follows, at least."""


def starred(data: bytes, echoes: set[str], before: bytes = b"") -> bytes:
    """One chunk of JSON or text with what is known to be secret in it starred out, byte for byte.

    *before* is what stands before it in the stream, as it came: a secret may lie across the edge.
    """
    shown = bytearray(_IN_CHUNK.sub(lambda found: b"*" * len(found[0]), data))
    for secret in echoes:
        word = secret.encode("utf-8", "surrogatepass")
        edge = before[len(before) - len(word) + 1 :] if len(before) >= len(word) else before
        whole = edge + data
        for found in re.finditer(re.escape(word), whole):
            _star(shown, found.start() - len(edge), found.end() - len(edge))
        known = next((size for size in range(len(word) - 1, PART - 1, -1) if whole.endswith(word[:size])), 0)
        _star(shown, len(data) - known, len(data))
    return bytes(shown)


def _star(data: bytearray, start: int, stop: int) -> None:
    start = max(0, start)
    data[start:stop] = b"*" * (stop - start)


def build_step(hider: SecretReplacer, text: str, place: str) -> str:
    """*text* without values of build arguments and variables, if it is the text of a build step."""
    if hider.policy.env == "none":
        return text
    if found := ARGUMENTS.match(text):
        return found[1] + _arguments(hider, found[3], int(found[2]), place) + text[found.end() :]
    if found := INSTRUCTION.match(text):
        return found[1] + _variables(hider, found[2], place)
    return text


def _arguments(hider: SecretReplacer, text: str, count: int, place: str) -> str:
    """*count* times ``NAME=value``. Values may hold anything: if it is not clear where they end, all is hidden."""
    pairs = _BEGINS.split(text)
    if len(pairs) != count:
        return hider.hide(text, place, categories.BUILD)
    return " ".join(pair(hider, one, place, categories.BUILD) for one in pairs)


def _variables(hider: SecretReplacer, text: str, place: str) -> str:
    """What stands behind ENV or ARG: ``A=b C="d e"``, or ``A b c`` for one."""
    name, space, value = text.strip().partition(" ")
    if "=" not in name:
        return f"{name}{space}{hider.variable(name, value, place)}"
    shown, end = [], 0
    for found in _PAIR.finditer(text):
        shown += [_rest(hider, text[end : found.start()], place), pair(hider, found[0], place)]
        end = found.end()
    return "".join(shown) + _rest(hider, text[end:], place)


def _rest(hider: SecretReplacer, text: str, place: str) -> str:
    """What is between variables: space, or what cannot be told apart, which is hidden."""
    return text if not text.strip() else f" {hider.variable('', text.strip(), place)} "


def pair(hider: SecretReplacer, text: str, place: str, kind: str = categories.ENV) -> str:
    """``NAME=value`` with its value hidden; what has no "=" is all value."""
    name, equals, value = text.partition("=")
    if not equals or text.startswith(PREFIX):
        return hider.variable("", text, place, kind)
    return f"{name}={hider.variable(name, value, place, kind)}"

"""Removes secrets from text: credentials with a known form, and matches of the user's patterns."""

import re

from apispy import lazy
from apispy.redaction import categories, url_users
from apispy.redaction.known_secrets import KnownSecrets
from apispy.redaction.tokens import PREFIX, SecretReplacer

SWARM = r"SWM(?:TKN|KEY)-1-[\w-]+"

PRIVATE_KEY = r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,20}-----|\Z)"

KNOWN = lazy.pattern(f"(?P<user>{url_users.USER})|(?P<swarm>{SWARM})|(?P<key>{PRIVATE_KEY})")

KINDS = {"user": categories.URL, "swarm": categories.SWARM, "key": categories.KEYS}

# A build step with its arguments; and a URL that begins or ends in the middle, at the edge of a chunk.
_IN_CHUNK = lazy.pattern(
    rf"{url_users.USER_AT_END}|{KNOWN.pattern}|\"\|\d{{1,4}} (?:[^\"\\]|\\.)*|\A[^\s\"'<>]{{1,512}}(?=@)".encode()
)

SHELL = r" /bin/\w+ (?:-\w+ (?:\w+ )?)*-c | cmd /S /C | powershell "
"""What follows the arguments of a build step: a shell, as in Dockerfiles."""

ARGUMENTS = lazy.pattern(rf"\A((?:RUN )?\|(\d{{1,4}}) )(.*?)(?=\Z|{SHELL})", re.DOTALL)
"""A build step with its arguments: ``|2 A=b C=d /bin/sh -c ...``, in image histories and build containers."""

BUILD_OUTPUT = lazy.pattern(r"\AStep \d{1,4}/\d{1,4} : ")
"""What the output of a build prints before an instruction of the Dockerfile."""

INSTRUCTION = lazy.pattern(r"\A((?:.*#\(nop\)\s+)?(?:ENV|ARG)\s+)(.+)\Z", re.DOTALL | re.IGNORECASE)
"""``ENV A=b``, in the parameter ``changes`` and in an image's history."""

_PAIR = lazy.pattern(r"(\w[\w.-]*)=(\"(?:[^\"\\]|\\.)*\"|'[^']*'|(?:[^\s\\]|\\.)+)")
_BEGINS = lazy.pattern(r" (?=[A-Za-z_]\w*=)")


def holds_none(replacer: SecretReplacer, text: str) -> bool:
    """Whether ``clean`` certainly does not change *text*."""
    return not may_be_known_form(text) and not holds_known(replacer, text)


def may_be_known_form(text: str) -> bool:
    """Whether *text* has a sign of one of the forms in KNOWN."""
    return "://" in text or "SWM" in text or "-----BEGIN" in text


def holds_known(replacer: SecretReplacer, text: str) -> bool:
    """Whether *text* has a secret that is known already, or may match one of the user's patterns."""
    return bool(replacer.policy.rules.patterns) or replacer.known_secrets.may_be_in(text)


def clean(replacer: SecretReplacer, text: str, place: str) -> str:
    """Redact *text*."""
    if holds_none(replacer, text):
        return text
    if may_be_known_form(text):
        text = KNOWN.sub(lambda found: _known(replacer, found, place), text)
    return hide_patterns(replacer, hide_repeats(replacer, text, place), place)


def hide_repeats(replacer: SecretReplacer, text: str, place: str) -> str:
    """Hide the secrets in *text* that are known already."""
    return replacer.known_secrets.replaced(
        text, lambda secret: replacer.hide(secret, place, categories.REPEATED)
    )


def hide_patterns(replacer: SecretReplacer, text: str, place: str) -> str:
    """Hide the matches of the user's patterns in *text*."""
    for pattern in replacer.policy.rules.patterns:
        text = pattern.substituted(text, lambda secret: replacer.hide(secret, place, categories.RULE))
    return text


def _known(replacer: SecretReplacer, found: re.Match[str], place: str) -> str:
    text, kind = found[0], str(found.lastgroup)
    alone = kind == "user" and ":" not in text and not _is_http(found)
    return text if alone else replacer.hide(text, place, KINDS[kind])


def hide_users(replacer: SecretReplacer, text: str, place: str, *, before: int) -> str:
    """Hide the users of the URLs in *text* that begin before the index *before*."""
    return KNOWN.sub(
        lambda found: (
            _known(replacer, found, place) if found.start() < before and found["user"] else found[0]
        ),
        text,
    )


def hide_user(replacer: SecretReplacer, authority: str, place: str) -> str:
    """Hide the user in *authority*: what follows the scheme of a URL, such as ``user:password@host:80``."""
    found = _USER.match(f"://{authority}", 3)
    return replacer.hide(found[0], place, categories.URL) + authority[len(found[0]) :] if found else authority


_USER = lazy.pattern(url_users.USER)


def _is_http(found: re.Match[str]) -> bool:
    """Whether the URL is http or https, where a user without a password may be a token."""
    return found.string.endswith(("http://", "https://"), 0, found.start())


def mask_chunk(data: bytes, known_secrets: KnownSecrets, before: bytes = b"") -> bytes:
    """Mask the secrets in one chunk of JSON or text with asterisks, byte for byte.

    *before*: the preceding bytes of the stream, unredacted, because a secret may be split over two chunks.
    """
    shown = bytearray(_IN_CHUNK.sub(lambda found: b"*" * len(found[0]), data))
    for repeat in known_secrets.partial_repeats(before, data):
        _mask(shown, repeat.start, repeat.stop)
    return bytes(shown)


def _mask(data: bytearray, start: int, stop: int) -> None:
    start = max(0, start)
    data[start:stop] = b"*" * (stop - start)


def build_step(replacer: SecretReplacer, text: str, place: str) -> str:
    """Hide the values of build arguments and variables, if *text* is a build step."""
    if replacer.policy.env == "none":
        return text
    if found := ARGUMENTS.match(text):
        return found[1] + _arguments(replacer, found[3], int(found[2]), place) + text[found.end() :]
    if found := INSTRUCTION.match(text):
        return found[1] + _variables(replacer, found[2], place)
    return text


def _arguments(replacer: SecretReplacer, text: str, count: int, place: str) -> str:
    """Redact *count* times ``NAME=value``. If it is ambiguous where values end, everything is hidden."""
    pairs = _BEGINS.split(text)
    if len(pairs) != count:
        return replacer.hide(text, place, categories.BUILD)
    return " ".join(pair(replacer, one, place, categories.BUILD) for one in pairs)


def _variables(replacer: SecretReplacer, text: str, place: str) -> str:
    """Redact the arguments of ENV or ARG: ``A=b C="d e"``, or ``A b c`` for one variable."""
    name, space, value = text.strip().partition(" ")
    if "=" not in name:
        return f"{name}{space}{replacer.variable(name, value, place)}"
    shown, end = [], 0
    for found in _PAIR.finditer(text):
        shown += [_rest(replacer, text[end : found.start()], place), pair(replacer, found[0], place)]
        end = found.end()
    return "".join(shown) + _rest(replacer, text[end:], place)


def _rest(replacer: SecretReplacer, text: str, place: str) -> str:
    """Text between variables: white space stays, anything else is hidden."""
    return text if not text.strip() else f" {replacer.variable('', text.strip(), place)} "


def pair(replacer: SecretReplacer, text: str, place: str, kind: str = categories.ENV) -> str:
    """Hide the value of ``NAME=value``; text without "=" is all value."""
    name, equals, value = text.partition("=")
    if not equals or text.startswith(PREFIX):
        return replacer.variable("", text, place, kind)
    return f"{name}={replacer.variable(name, value, place, kind)}"

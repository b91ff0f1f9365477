"""The secrets that were hidden, so that their repeats are hidden too. They are in memory only."""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote

from apispy import lazy
from apispy.redaction.url_users import USER
from apispy.redaction.word_search import WordSearch

MIN_SECRET_LENGTH = 8
"""Characters of the shortest secret whose repeats are hidden."""

MAX_SECRET_LENGTH = 4096
"""Characters of the longest one."""

MAX_KNOWN_SECRETS = 100
"""Secrets of an exchange whose repeats in it are hidden; a new one replaces the oldest."""

MAX_OF_SESSION = 200
"""The same for a session."""

MIN_MASKED_PREFIX = 4
"""Bytes of a secret at the end of a chunk that are masked before it is known whether the rest follows."""

MIN_LETTERS = 16
"""Letters of the shortest secret that consists of letters only. A shorter one may be a word, such as "postgres"."""

MIN_DIGITS = 10
"""Digits of the shortest secret that consists of digits only. A shorter one may be a date or a size."""

_SEPARATORS = lazy.pattern(r"[-_. ]")
_ADDRESS = lazy.pattern(
    r"[\w+.-]+://[^\s@?]*|(?:[\w-]+\.)+[a-z]{2,}(?::\d+)?|~?(?:\.{0,2}/[\w.-]+){2,}/?",
    re.ASCII | re.IGNORECASE,
)
"""A URL without a user, a host name, a path: what variables with words such as AUTH in their name often have."""

_ID = lazy.pattern(
    r"(?:sha256:)?[0-9a-f]{64}|[0-9a-f]{12}|[0-9a-z]{25}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)
"""An ID of Docker, or a UUID."""

_PARTS = lazy.pattern(
    rf"({USER})|\A(?:bearer|basic|token)\s+(\S+)\Z|(?:password|passwd|pass|pw|pwd)=([^\s,;&]+)",
    re.IGNORECASE,
)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")


def is_distinctive(secret: str, *, named: bool = True) -> bool:
    """Whether text that equals *secret* is hardly ever anything else. *named*: its name marks it as secret.

    A value without such a name may also be an ID, which must stay in paths.
    """
    letters = _SEPARATORS.sub("", secret)
    if letters.isalpha() and len(letters) < MIN_LETTERS:
        return False
    if letters.isdigit() and len(letters) < MIN_DIGITS:
        return False
    return _ADDRESS.fullmatch(secret) is None and (named or _ID.fullmatch(secret) is None)


def parts_of(secret: str) -> Iterator[str]:
    """*secret*, and the passwords in it: in URLs, in options, in base64. ``://user:password@`` is a part of a URL."""
    whole = secret.removeprefix("://").removesuffix("@") if secret.startswith("://") else secret
    yield whole
    for found in _PARTS.finditer(secret):
        part = found[1].partition(":")[2] if found[1] else found[2] or found[3]
        yield from dict.fromkeys((part, unquote(part)))
    for text in dict.fromkeys((whole, whole.rpartition(" ")[2])):
        if _BASE64.fullmatch(text):
            yield from _in_base64(text)


def _in_base64(text: str) -> Iterator[str]:
    """The text that *text* encodes, if it does, and the password of ``user:password``."""
    try:
        data = base64.b64decode(text.replace("-", "+").replace("_", "/") + "==", validate=False).decode()
    except (ValueError, binascii.Error):
        return
    plain = data.strip()
    if plain.isprintable() or "\n" in plain:
        yield plain
        if ":" in plain:
            yield plain.partition(":")[2]


@dataclass(frozen=True, slots=True)
class Repeat:
    """The place of a secret in bytes."""

    start: int
    stop: int
    secret: str


class KnownSecrets:
    """The secrets of an exchange, and those of its *session*. ``version`` changes with every new one."""

    def __init__(
        self,
        secrets: Iterable[str] = (),
        *,
        session: "KnownSecrets | None" = None,
        limit: int = MAX_KNOWN_SECRETS,
    ) -> None:
        self._own = dict.fromkeys(secrets)
        self._session = session
        self._limit = limit
        self._changes = 0
        self._search: tuple[int, _Search] | None = None

    def __len__(self) -> int:
        return len(self._own) + (len(self._session) if self._session is not None else 0)

    @property
    def _any(self) -> bool:
        """Whether there are secrets; as ``len``, but quick."""
        return bool(self._own or (self._session is not None and self._session._own))

    @property
    def version(self) -> int:
        return self._changes + (self._session._changes if self._session is not None else 0)

    def add(self, secret: str, *, lasting: bool) -> None:
        """Remember *secret*; if it is *lasting*, for the whole session."""
        if not MIN_SECRET_LENGTH <= len(secret) <= MAX_SECRET_LENGTH:
            return
        if lasting and self._session is not None:
            self._session.add(secret, lasting=False)
        elif secret not in self._own:
            self._own[secret] = None
            self._changes += 1
            if len(self._own) > self._limit:
                del self._own[next(iter(self._own))]

    @property
    def longest(self) -> int:
        """Bytes of the longest secret."""
        return self._now.longest

    @property
    def longest_form(self) -> int:
        """Bytes of the longest secret as ``found_in`` searches it."""
        return self._now.forms.longest if self._any else 0

    @property
    def words(self) -> tuple[bytes, ...]:
        """The secrets in UTF-8, the longest first."""
        return tuple(word for word, _ in self._now.words)

    def may_be_in(self, text: str) -> bool:
        """Whether a secret is in *text*."""
        return self._any and any(secret in text for secret in self._now.secrets)

    def in_text(self, text: str) -> list[str]:
        """The secrets in *text*, the longest first."""
        return [secret for secret in self._now.secrets if secret in text]

    def found_in(self, data: bytes) -> bool:
        """Whether a secret is in *data*, which may be JSON."""
        return self._any and self._now.forms.is_in(data)

    def repeats(self, data: bytes) -> list[Repeat]:
        """The places of secrets in *data*, in order. They do not overlap: of two, the first and longest counts."""
        found = [
            Repeat(hit.start(), hit.end(), secret)
            for word, secret in self._now.words
            if word in data
            for hit in re.finditer(re.escape(word), data)
        ]
        if len(found) < 2:
            return found
        kept: list[Repeat] = []
        for one in sorted(found, key=lambda repeat: (repeat.start, -repeat.stop)):
            if not kept or one.start >= kept[-1].stop:
                kept.append(one)
        return kept

    def partial_repeats(self, before: bytes, data: bytes) -> list[Repeat]:
        """The places of secrets in *data*, also of those that begin in *before*, the preceding bytes, or that may begin
        at the end.

        The secret of a Repeat is "" if not all of it is in *data*. A beginning shorter than MIN_MASKED_PREFIX does not
        count.
        """
        words = self._now.words
        if not words:
            return []
        edge = before[max(0, len(before) - self.longest + 1) :]
        whole = edge + data
        found = []
        for one in self.repeats(whole):
            start, stop = one.start - len(edge), one.stop - len(edge)
            if stop > 0:
                found.append(Repeat(max(0, start), stop, one.secret if start >= 0 else ""))
        end = found[-1].stop if found else 0
        begun = max(_begun(whole, word) for word, _ in words)
        start = max(end, len(data) - begun)
        return [*found, Repeat(start, len(data), "")] if start < len(data) else found

    @property
    def _now(self) -> "_Search":
        if self._search is None or self._search[0] != self.version:
            known = [*self._own, *(self._session._own if self._session else ())]
            self._search = self.version, _Search(tuple(sorted(dict.fromkeys(known), key=len, reverse=True)))
        return self._search[1]


def _begun(data: bytes, word: bytes) -> int:
    """Bytes at the end of *data* with which *word* begins; 0 if there are fewer than MIN_MASKED_PREFIX."""
    sizes = range(min(len(word) - 1, len(data)), MIN_MASKED_PREFIX - 1, -1)
    return next((size for size in sizes if data.endswith(word[:size])), 0)


@dataclass(frozen=True)
class _Search:
    """What is searched for."""

    secrets: tuple[str, ...]

    @cached_property
    def words(self) -> tuple[tuple[bytes, str], ...]:
        return tuple((secret.encode("utf-8", "surrogateescape"), secret) for secret in self.secrets)

    @cached_property
    def longest(self) -> int:
        return max((len(word) for word, _ in self.words), default=0)

    @cached_property
    def forms(self) -> WordSearch:
        """The secrets in UTF-8, plain and as encoders of JSON write them."""
        found: list[bytes] = []
        for word, secret in self.words:
            plain = json.dumps(secret, ensure_ascii=False)[1:-1]
            escaped = plain.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
            ascii_only = json.dumps(secret)[1:-1]
            found += [word, *(text.encode("utf-8", "surrogatepass") for text in (plain, escaped, ascii_only))]
        return WordSearch(found, changing=True)

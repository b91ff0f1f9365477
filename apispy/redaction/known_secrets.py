"""The secrets that were hidden, so that their repeats are hidden too. They are in memory only."""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from urllib.parse import unquote

from apispy import lazy
from apispy.redaction.secret_forms import Form, FormSearch, changed, encoded, forms_of
from apispy.redaction.url_users import USER
from apispy.structs import Struct

MIN_SECRET_LENGTH = 8
"""Characters of the shortest secret whose repeats are hidden."""

MAX_SECRET_LENGTH = 4096
"""Characters of the longest one."""

MAX_KNOWN_SECRETS = 100
"""Secrets of an exchange whose repeats in it are hidden; a new one replaces the oldest."""

MAX_OF_SESSION = 200
"""The same for a session."""

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


class Repeat(Struct, frozen=True):
    """The place of a secret in bytes."""

    start: int
    stop: int
    secret: str


class KnownSecrets:
    """The secrets of an exchange, and those of its *session*. ``version`` changes with every new one.

    They are found in all forms of ``secret_forms``.
    """

    def __init__(
        self,
        secrets: Iterable[str] = (),
        *,
        session: "KnownSecrets | None" = None,
        limit: int = MAX_KNOWN_SECRETS,
    ) -> None:
        self._own: dict[str, tuple[Form, ...]] = {secret: tuple(forms_of(secret)) for secret in secrets}
        self._session = session
        self._limit = limit
        self._changes = 0
        self._search: FormSearch | None = None  # for its own secrets; None if they changed

    def __len__(self) -> int:
        return len(self._own) + (len(self._session) if self._session is not None else 0)

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
            self._own[secret] = tuple(forms_of(secret))
            self._changes += 1
            self._search = None
            if len(self._own) > self._limit:
                del self._own[next(iter(self._own))]

    @property
    def lookback(self) -> int:
        """Bytes that must be searched together with the next ones, in which a secret may end."""
        return max((search.lookback for search in self._searches()), default=0)

    def may_be_in(self, text: str) -> bool:
        """Whether a secret is in *text*."""
        return bool(self) and self.found_in(encoded(text))

    def found_in(self, data: bytes) -> bool:
        """Whether a secret is in *data*."""
        return any(search.is_in(data) for search in self._searches())

    def replaced(self, text: str, change: Callable[[str], str]) -> str:
        """*text* with what *change* makes of each secret in its place; it is called once for each."""
        found = self.repeats(encoded(text))
        if not found:
            return text
        new = {secret: change(secret) for secret in dict.fromkeys(one.secret for one in found)}
        return changed(text, [(one.start, one.stop, new[one.secret]) for one in found])

    def repeats(self, data: bytes) -> list[Repeat]:
        """The places of secrets in *data*, in order. Those that overlap are one, of the first and longest secret."""
        found = [Repeat(*place) for search in self._searches() for place in search.found(data)]
        if len(found) < 2:
            return found
        merged: list[Repeat] = []
        for one in sorted(found, key=lambda repeat: (repeat.start, -repeat.stop)):
            last = merged[-1] if merged else None
            if last is None or one.start >= last.stop:
                merged.append(one)
            elif one.stop > last.stop:
                merged[-1] = Repeat(last.start, one.stop, last.secret)
        return merged

    def partial_repeats(self, before: bytes, data: bytes) -> list[Repeat]:
        """The places of secrets in *data*, also of those that begin in *before*, the preceding bytes, or that may begin
        at the end.

        *before*: ``lookback`` bytes of it suffice. The secret of a Repeat is "" if not all of it is in *data*. A
        beginning shorter than ``secret_forms.MIN_MASKED_PREFIX`` does not count.
        """
        searches = list(self._searches())
        if not searches:
            return []
        edge = before[max(0, len(before) - self.lookback) :]
        whole = edge + data
        found = []
        for one in self.repeats(whole):
            start, stop = one.start - len(edge), one.stop - len(edge)
            if stop > 0:
                found.append(Repeat(max(0, start), stop, one.secret if start >= 0 else ""))
        end = found[-1].stop if found else 0
        begun = min(search.begun(whole) for search in searches) - len(edge)
        start = max(end, begun)
        return [*found, Repeat(start, len(data), "")] if start < len(data) else found

    def _searches(self) -> Iterator[FormSearch]:
        """The search for its own secrets, and that for those of the session, which all its exchanges share."""
        if self._own:
            if self._search is None:
                self._search = FormSearch(chain.from_iterable(self._own.values()))
            yield self._search
        if self._session is not None:
            yield from self._session._searches()

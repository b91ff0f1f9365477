"""Replaces secrets by tokens."""

import hashlib
import hmac
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote

from apispy.model import REDACTED, Redaction, is_redacted
from apispy.redaction import categories
from apispy.redaction.known_secrets import KnownSecrets, is_distinctive, parts_of
from apispy.redaction.name_patterns import looks_secret
from apispy.redaction.policy import Policy

PREFIX = f"{REDACTED[:-1]}:"


class Tokens:
    """The tokens of a session: each secret has one, such as ``<redacted:3f2a91c0>``.

    A token is an HMAC with a random key that is never stored, so passwords cannot be tested against the tokens of a
    capture.
    """

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or os.urandom(32)

    def of(self, secret: str) -> str:
        digest = hmac.new(self._key, secret.encode("utf-8", "surrogatepass"), hashlib.sha256)
        return f"{PREFIX}{digest.hexdigest()[:8]}>"


IsPlainPart = Callable[["SecretReplacer", str, Any], bool]
"""Whether a list or an object, under a name in lower case ("" for none), certainly has no secret."""


class SecretReplacer:
    """Replaces the secrets of one exchange; *found* lists them, and the repeats of *known_secrets* are replaced too.

    ``trace`` redacts the base64 in the progress of a build, at a place.
    """

    def __init__(self, policy: Policy, tokens: Tokens, known_secrets: KnownSecrets) -> None:
        self.policy = policy
        self.found: list[Redaction] = []
        self.known_secrets = known_secrets
        self.trace: Callable[[SecretReplacer, Any, str], str] = withhold_trace
        self._tokens = tokens
        self.is_plain_part: IsPlainPart | None = None

    @property
    def prefilter_suffices(self) -> bool:
        """Whether the prefilter can rule out all secrets but repeats: there are no user rules on bodies."""
        return not self.policy.rules.look_into_bodies

    @contextmanager
    def skipping(self, is_plain_part: IsPlainPart) -> Iterator[None]:
        """Skip what *is_plain_part* rules out in values that are redacted meanwhile, which must be JSON.

        With the user's rules on bodies, it cannot rule out anything.
        """
        self.is_plain_part = is_plain_part if self.prefilter_suffices else None
        try:
            yield
        finally:
            self.is_plain_part = None

    def hide(self, secret: str, place: str, kind: str) -> str:
        """Replace *secret* by its token. Empty text and tokens stay, also a token that is percent-encoded."""
        if not secret or is_redacted(unquote(secret)):
            return secret
        token = self._tokens.of(secret)
        self.found.append(Redaction(place, token, kind))
        if kind == categories.BUILD:
            self.known_secrets.add(secret, lasting=False)
        elif kind not in (categories.ENV, categories.REPEATED, categories.RULE):
            self.remember(f"://{secret}@" if kind == categories.URL else secret)
        return token

    def variable(self, name: str, value: str, place: str, kind: str = categories.ENV) -> str:
        """Replace the value of an environment variable or a build argument, if the policy hides it."""
        if not self.policy.hides_variable(name, value):
            return value
        if looks_secret(name, value) and not is_redacted(value):
            self.remember(value, named=looks_secret(name, ""))
        return self.hide(value, place, kind)

    def withhold(self, place: str, kind: str = categories.BODY) -> None:
        """Record that the body, or another *kind* of data, at *place* is withheld."""
        self.found.append(Redaction(place, "", kind))

    def remember(self, secret: str, *, named: bool = True) -> None:
        """Remember *secret* and its parts, so that their repeats are hidden. *named*: its name marks it as secret."""
        for part in parts_of(secret):
            self.known_secrets.add(part, lasting=is_distinctive(part, named=named))


def withhold_trace(replacer: SecretReplacer, coded: Any, place: str) -> str:
    """Withhold a message in the progress of a build."""
    replacer.withhold(place, categories.TRACE)
    return REDACTED

"""Puts tokens in the places of secrets, in one exchange."""

import hashlib
import hmac
import os

from apispy.model import REDACTED, Redaction, is_redacted
from apispy.redaction import categories
from apispy.redaction.name_patterns import looks_secret
from apispy.redaction.policy import Policy

ECHO = 8
"""The shortest secret, in characters, that is looked for where the daemon may quote it."""

ECHOES = 100
"""How many secrets of one exchange are looked for."""

PREFIX = f"{REDACTED[:-1]}:"


class Tokens:
    """Gives each secret of a session its token: ``<redacted:3f2a91c0>``.

    An HMAC with a key that is random and nowhere kept: who has a capture cannot try passwords on its tokens.
    """

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or os.urandom(32)

    def of(self, secret: str) -> str:
        digest = hmac.new(self._key, secret.encode("utf-8", "surrogatepass"), hashlib.sha256)
        return f"{PREFIX}{digest.hexdigest()[:8]}>"


class SecretReplacer:
    """Hides secrets, and remembers what it hid: *found*, and *echoes*: those that may be quoted further on."""

    def __init__(self, policy: Policy, tokens: Tokens, echoes: set[str]) -> None:
        self.policy = policy
        self.found: list[Redaction] = []
        self.echoes = echoes
        self._tokens = tokens

    @property
    def only_signs(self) -> bool:
        """Whether nothing but what ``suspicion`` knows is looked for: no rules of the user, no secret seen before."""
        return not self.echoes and not self.policy.rules.look_into_bodies

    def hide(self, secret: str, place: str, kind: str) -> str:
        """What to show in place of *secret*. Nothing, and what is hidden already, stay."""
        if not secret or is_redacted(secret):
            return secret
        token = self._tokens.of(secret)
        self.found.append(Redaction(place, token, kind))
        if kind not in (categories.ENV, categories.ECHO, categories.RULE):
            self._remember(secret)
        return token

    def variable(self, name: str, value: str, place: str, kind: str = categories.ENV) -> str:
        """The value of an environment variable or a build argument, hidden if the policy says so."""
        if not self.policy.hides_variable(name, value):
            return value
        if looks_secret(name, value):
            self._remember(value)
        return self.hide(value, place, kind)

    def withhold(self, place: str) -> None:
        self.found.append(Redaction(place, "", categories.BODY))

    def _remember(self, secret: str) -> None:
        if len(secret) >= ECHO and len(self.echoes) < ECHOES:
            self.echoes.add(secret)

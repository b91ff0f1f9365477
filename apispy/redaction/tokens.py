"""Replaces secrets by tokens."""

import hashlib
import hmac
import os

from apispy.model import REDACTED, Redaction, is_redacted
from apispy.redaction import categories
from apispy.redaction.name_patterns import looks_secret
from apispy.redaction.policy import Policy

MIN_SECRET_LENGTH = 8
"""Characters of the shortest secret that is searched for in other places of the exchange."""

MAX_KNOWN_SECRETS = 100
"""Secrets of one exchange that are searched for in its other places."""

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


class SecretReplacer:
    """Replaces the secrets of one exchange; *found* lists them, *known_secrets* may be quoted in later parts."""

    def __init__(self, policy: Policy, tokens: Tokens, known_secrets: set[str]) -> None:
        self.policy = policy
        self.found: list[Redaction] = []
        self.known_secrets = known_secrets
        self._tokens = tokens

    @property
    def prefilter_suffices(self) -> bool:
        """Whether the prefilter alone can rule out secrets: no user rules on bodies, no known secrets."""
        return not self.known_secrets and not self.policy.rules.look_into_bodies

    def hide(self, secret: str, place: str, kind: str) -> str:
        """Replace *secret* by its token. Empty text and tokens stay."""
        if not secret or is_redacted(secret):
            return secret
        token = self._tokens.of(secret)
        self.found.append(Redaction(place, token, kind))
        if kind not in (categories.ENV, categories.REPEATED, categories.RULE):
            self._remember(secret)
        return token

    def variable(self, name: str, value: str, place: str, kind: str = categories.ENV) -> str:
        """Replace the value of an environment variable or a build argument, if the policy hides it."""
        if not self.policy.hides_variable(name, value):
            return value
        if looks_secret(name, value):
            self._remember(value)
        return self.hide(value, place, kind)

    def withhold(self, place: str) -> None:
        """Record that the body at *place* is withheld."""
        self.found.append(Redaction(place, "", categories.BODY))

    def _remember(self, secret: str) -> None:
        if len(secret) >= MIN_SECRET_LENGTH and len(self.known_secrets) < MAX_KNOWN_SECRETS:
            self.known_secrets.add(secret)

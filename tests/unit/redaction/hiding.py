"""What the tests of redaction share: a replacer whose tokens are always the same."""

from typing import Any

from apispy.redaction.known_secrets import KnownSecrets
from apispy.redaction.policy import Policy
from apispy.redaction.tokens import SecretReplacer, Tokens
from apispy.redaction.user_rules import parse

TOKENS = Tokens(b"a key")


def token(secret: str) -> str:
    return TOKENS.of(secret)


def replacer(*rules: str, env: Any = "all", known_secrets: set[str] | None = None) -> SecretReplacer:
    return SecretReplacer(Policy(env, parse(rules)), TOKENS, KnownSecrets(known_secrets or ()))

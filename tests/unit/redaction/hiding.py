"""What the tests of redaction share: a hider whose tokens are always the same."""

from typing import Any

from apispy.redaction.policy import Policy
from apispy.redaction.tokens import SecretReplacer, Tokens
from apispy.redaction.user_rules import parse

TOKENS = Tokens(b"a key")


def token(secret: str) -> str:
    return TOKENS.of(secret)


def hider(*rules: str, env: Any = "all", echoes: set[str] | None = None) -> SecretReplacer:
    return SecretReplacer(Policy(env, parse(rules)), TOKENS, echoes or set())

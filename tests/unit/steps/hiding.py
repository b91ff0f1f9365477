"""What the tests of redaction share: a hider whose tokens are always the same."""

from typing import Any

from apispy.steps.hider import Hider, Tokens
from apispy.steps.policy import Policy
from apispy.steps.rules import parse

TOKENS = Tokens(b"a key")


def token(secret: str) -> str:
    return TOKENS.of(secret)


def hider(*rules: str, env: Any = "all", echoes: set[str] | None = None) -> Hider:
    return Hider(Policy(env, parse(rules)), TOKENS, echoes or set())

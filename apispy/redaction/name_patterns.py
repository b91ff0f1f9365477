"""Patterns of names and values that are probably secret. A doubtful one counts as secret."""

import math
import re
from collections import Counter

from apispy import lazy
from apispy.redaction.url_users import USER

STRONG = lazy.pattern(
    r"passw|passphrase|secret|token|credential|api[-_.]?key|access[-_.]?key|private[-_.]?key", re.IGNORECASE
)
"""Parts of names that hardly ever mean anything else."""

WORDS = frozenset((
    "pass", "pwd", "pw", "key", "keys", "auth", "authorization", "cred", "creds", "private", "cert",
    "certificate", "dsn", "pat", "pin", "salt", "jwt", "bearer", "sas", "cookie", "session",
    "signature", "license", "conn", "connection", "connectionstring", "webhook", "netrc", "npmrc",
    "pgpass",
))  # fmt: skip
"""Whole words in names, as in ``DB_PASS``, ``sshKey``, ``MYSQL_PWD``."""

VALUES = lazy.pattern(
    USER + r"|\beyJ[\w-]{8,2000}\.[\w-]+"  # a JWT
    r"|-----BEGIN"  # PEM
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"  # AWS
    r"|\b(?:gh[opsur]_|github_pat_|glpat-|dckr_pat_|xox[abpr]-|sk[-_]|SWMTKN-|SWMKEY-|hf_|npm_|pypi-)[\w-]{8,}"
    r"|\b(?:password|pwd|accountkey|sharedaccesskey)\s*=",
    re.IGNORECASE,
)
"""Forms of credentials, whatever their name."""

MAX_CHECKED_LENGTH = 10_000
"""Characters of a value; a longer one counts as secret without a check."""

RANDOM = lazy.pattern(r"[A-Za-z0-9+/_=-]{20,}")
MIN_ENTROPY = 3.5
"""Bits per character. Twenty random hexadecimal digits have about that; words and paths have less or are shorter."""

_WORD = lazy.pattern(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def strong(name: str) -> bool:
    """Whether *name* certainly names a secret: password, token or similar."""
    return STRONG.search(name) is not None


def looks_secret(name: str, value: str) -> bool:
    """Whether ``name=value`` is probably secret, by its name or by the form of the value."""
    if len(value) > MAX_CHECKED_LENGTH or strong(name):
        return True
    words = {word.lower() for word in _WORD.findall(name)}
    return bool(words & WORDS) or VALUES.search(value) is not None or _is_random(value)


def _is_random(value: str) -> bool:
    return any(_entropy(found[0]) >= MIN_ENTROPY for found in RANDOM.finditer(value))


def _entropy(text: str) -> float:
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())

"""Generated names: the form of the parts of names that a client chooses at random. One rule for all.

Fixtures have placeholders for them, a replay accepts others in their place, and a comparison ignores them.
"""

import re

WORD_START, WORD_END = r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"
"""Patterns of the edges of a word."""

UUID_FORM = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_HEX = r"(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]"
_BASE36 = r"(?=[0-9]*[a-z])(?=[a-z]*[0-9])[0-9a-z]{25}"

GENERATED = re.compile(
    rf"(?<!sha256:){WORD_START}(?:(?P<uuid>{UUID_FORM})|(?P<hex>{_HEX}{{6,64}})|(?P<d>[0-9]{{6,20}})|(?P<z>{_BASE36})){WORD_END}"
)
"""The generated part of a name: a UUID; 6 to 64 hexadecimal digits with at least one letter and one decimal digit; 6 to
20 decimal digits; or 25 letters and digits, as BuildKit and swarms generate them. Any other character ends it."""

GENERATED_AFTER_A_WORD = re.compile(rf"(?<=[-_]){GENERATED.pattern}")
"""A generated part that follows a word: in ``web-3f9a1c`` or ``proj_web_run_0a1b2c3d4e5f``. It is one in any text."""

UUID = re.compile(WORD_START + UUID_FORM + WORD_END)

ID = re.compile(rf"{WORD_START}(?:{_HEX}{{12,64}}|{_BASE36}){WORD_END}")
"""An ID: short or long ones of the daemon, Git commits, those of a swarm. It is one in any text."""

NAME_FIELDS = frozenset(("name", "t", "repo", "session", "buildid", "hostname", "aliases", "domainname"))
"""Query parameters, and fields of a request's JSON, in lower case, whose values are names."""

NAMED_TAGS = ("Container", "Network", "Volume", "Service", "Secret", "Config", "Exec")
"""Tags of operations whose paths contain names of objects. Image names are left out: clients rarely generate them."""

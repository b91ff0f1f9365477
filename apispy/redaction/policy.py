"""The redaction policy: the user's choices."""

from typing import Literal

from apispy.redaction.name_patterns import looks_secret
from apispy.redaction.user_rules import NO_RULES, Rules
from apispy.structs import Struct

Env = Literal["all", "secret-looking", "none"]
"""Which values of environment variables and build arguments are hidden."""


class Policy(Struct, frozen=True):
    """What is hidden. The default hides every secret that apispy knows of."""

    env: Env = "all"
    rules: Rules = NO_RULES
    show_secrets: bool = False  # hide nothing

    def hides_variable(self, name: str, value: str) -> bool:
        """Whether the value of an environment variable or a build argument is hidden."""
        return self.env == "all" or (self.env == "secret-looking" and looks_secret(name, value))

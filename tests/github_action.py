"""action.yml, as far as tests run its steps: the command of a step, and the environment that inputs give it."""

import re
from pathlib import Path
from typing import Any

import yaml

ACTION: dict[str, Any] = yaml.safe_load((Path(__file__).parents[1] / "action.yml").read_text())
STEPS: dict[str, dict[str, Any]] = {step["name"]: step for step in ACTION["runs"]["steps"]}

BASH = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c")
"""How GitHub runs a step with `shell: bash`; the command follows."""


def step_environment(name: str, inputs: dict[str, str]) -> dict[str, str]:
    """Return the variables of the step *name*, with the defaults of the inputs that are not given."""
    values = {key: str(about.get("default", "")) for key, about in ACTION["inputs"].items()} | inputs
    return {
        key: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: values[found[1]], value)
        for key, value in STEPS[name]["env"].items()
    }

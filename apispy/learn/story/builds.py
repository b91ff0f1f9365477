"""What a connection of BuildKit did, for the story: the steps of a build, and what its client handed over."""

from collections.abc import Iterable
from dataclasses import dataclass

from apispy.decoders.build import Build, build_of
from apispy.learn.wording import count
from apispy.model import Item

MAX_PARTS = 60
"""Steps of one build that are kept."""

MAX_NAMES = 5
"""Names of secrets, agents and registries that a phrase lists."""

QUESTIONS = {
    "frontend.lint": "checked a Dockerfile",
    "frontend.outline": "asked for the outline of a Dockerfile",
    "frontend.targets": "asked for the targets of a Dockerfile",
}
"""By what a frontend is asked: what a story says."""


@dataclass(frozen=True, slots=True)
class BuildStep:
    """A step of a build."""

    name: str
    seconds: float
    cached: bool
    error: str


@dataclass(frozen=True, slots=True)
class BuildPart:
    """What one connection has of a build. *phrase* is "" if it has nothing of one; *more*: steps beyond MAX_PARTS.

    *is_built*: the steps are those of a build, and not of a question about a Dockerfile.
    """

    phrase: str
    steps: tuple[BuildStep, ...] = ()
    more: int = 0
    is_built: bool = False


def build_part(items: Iterable[Item], cut: int) -> BuildPart:
    """Return what the items of both directions say of a build. Texts have at most *cut* characters."""
    build = build_of(items)
    steps = [
        BuildStep(step.name[:cut], step.seconds, step.cached, step.error[:cut])
        for step in build.ordered_steps()
        if step.name
    ]
    return BuildPart(
        _built(build, steps) or _handed_over(build),
        tuple(steps[:MAX_PARTS]),
        max(0, len(steps) - MAX_PARTS),
        bool(steps) and not build.question,
    )


def _built(build: Build, steps: list[BuildStep]) -> str:
    if not steps:
        return ""
    cached = sum(step.cached for step in steps)
    name = build.result.get("image.name", "")
    verb = QUESTIONS.get(build.question, "asked about a Dockerfile") if build.question else "built"
    parts = [f"{verb}{f' {name}' if name else ''} in {count(len(steps), 'step')}"]
    parts += [f"{cached} cached"] if cached else []
    parts += [count(len(build.warnings), "warning")] if build.warnings else []
    return ", ".join(parts)


def _handed_over(build: Build) -> str:
    """Describe what the client handed over: files, and by name only secrets, agents and logins."""
    files = sum(transfer.files_sent for transfer in build.transfers.values())
    parts = [f"sent {count(files, 'file')}"] if files else []
    for what, names in (("secret", build.secrets), ("ssh", build.agents), ("login for", build.hosts)):
        if names:
            more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
            parts.append(f"{what} {', '.join(names[:MAX_NAMES])}{more}")
    return f"handed over for a build: {'; '.join(parts)}" if parts else ""

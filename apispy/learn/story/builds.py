"""What a connection of BuildKit did, for the story: the steps of a build, and what its client handed over.

It is a tunnel, or the gRPC calls of a build that are calls of their own.
"""

from collections import OrderedDict
from collections.abc import Iterable

from apispy.decoders.build import Build, build_of
from apispy.decoders.grpc_body import OWN_STREAM
from apispy.decoders.grpc_messages import messages_of
from apispy.learn.read_call import ReadCall
from apispy.learn.wording import count
from apispy.model import Item
from apispy.recent import remember
from apispy.structs import Struct, replace

MAX_PARTS = 60
"""Steps of one build that are kept."""

MAX_NAMES = 5
"""Names of secrets, agents and registries that a phrase lists."""

MAX_BUILDS = 1000
"""Builds that are remembered."""

FOLLOWS, HANDS_OVER = "Control/Status", "Control/Session"
"""Operations of gRPC whose calls have the steps of a build, and what its client handed over."""

RUNS = ("Control/Solve", "LLBBridge/Solve")
"""Operations that run a build, or a part of one. The first fails if the build does."""

BUILD_FIELD = "buildkit-controlapi-buildid"
"""The header field in which the calls of a frontend name their build."""

QUESTIONS = {
    "frontend.lint": "checked a Dockerfile",
    "frontend.outline": "asked for the outline of a Dockerfile",
    "frontend.targets": "asked for the targets of a Dockerfile",
}
"""By what a frontend is asked: what a story says."""


class BuildStep(Struct, frozen=True):
    """A step of a build."""

    name: str
    seconds: float
    cached: bool
    error: str


class BuildPart(Struct, frozen=True):
    """What one connection has of a build. *phrase* is "" if it has nothing of one; *more*: steps beyond MAX_PARTS.

    *is_built*: the steps are those of a build, and not of a question about a Dockerfile. *failed* and
    *id*: of a gRPC call of its own, whether another one says that its build failed, and the ID of the build.
    """

    phrase: str
    steps: tuple[BuildStep, ...] = ()
    more: int = 0
    is_built: bool = False
    failed: bool = False
    id: str = ""


class OwnCalls:
    """The gRPC calls of builds that are calls of their own, in the order in which they end.

    The steps of a build, a question to its frontend, and its error are in different calls, which have its ID.
    """

    def __init__(self) -> None:
        self._asked: OrderedDict[str, tuple[str, int]] = (
            OrderedDict()
        )  # by the ID of the build, see ``build_part``
        self._failed: OrderedDict[str, bool] = OrderedDict()

    def part(self, call: ReadCall, cut: int, *, failed: bool) -> BuildPart | None:
        """Take a call. Returns what it has of a build, as ``build_part`` does; None for a call that has no part."""
        operation = call.call.operation.id
        if operation not in (FOLLOWS, HANDS_OVER, *RUNS):
            return None
        items = [item for found in call.items.values() for item in found]
        identity = _id_of(call, items)
        if operation in RUNS:
            build = build_of(items)
            if build.question:
                remember(self._asked, identity, (build.question, len(build.warnings)), MAX_BUILDS)
            if failed and operation == RUNS[0]:
                remember(self._failed, identity, True, MAX_BUILDS)
                return BuildPart("", failed=True, id=identity)
            return None
        part = build_part(items, cut, self._asked.get(identity, ("", 0)))
        has_failed = identity in self._failed or any(step.error for step in part.steps)
        return replace(part, failed=has_failed, id=identity) if part.phrase else None


def _id_of(call: ReadCall, items: list[Item]) -> str:
    """The ID of the build that a gRPC call names in its head or in its request; "" without one."""
    asked = (
        message["message"]
        for item in items
        for message in messages_of(item)
        if message["stream"] == OWN_STREAM
    )
    named = (str(message["Ref"]) for message in asked if "Ref" in message)
    return call.exchange.request.headers.text(BUILD_FIELD) or next(named, "")


def build_part(items: Iterable[Item], cut: int, asked: tuple[str, int] = ("", 0)) -> BuildPart:
    """Return what the items of both directions say of a build. Texts have at most *cut* characters.

    *asked*: what another call of the same build has asked a frontend, and the number of warnings in the answer.
    """
    build = build_of(items)
    question, warnings = build.question or asked[0], len(build.warnings) + asked[1]
    steps = [
        BuildStep(step.name[:cut], step.seconds, step.cached, step.error[:cut])
        for step in build.ordered_steps()
        if step.name
    ]
    return BuildPart(
        _built(build, steps, question, warnings) or _handed_over(build),
        tuple(steps[:MAX_PARTS]),
        max(0, len(steps) - MAX_PARTS),
        bool(steps) and not question,
    )


def _built(build: Build, steps: list[BuildStep], question: str, warnings: int) -> str:
    if not steps:
        return ""
    cached = sum(step.cached for step in steps)
    name = build.result.get("image.name", "")
    verb = QUESTIONS.get(question, "asked about a Dockerfile") if question else "built"
    parts = [f"{verb}{f' {name}' if name else ''} in {count(len(steps), 'step')}"]
    parts += [f"{cached} cached"] if cached else []
    parts += [count(warnings, "warning")] if warnings else []
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

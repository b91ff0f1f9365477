"""A story as lines of text. They contain text from the wire: escape them before printing."""

from apispy.learn.explain.layout import BLANK, Line, paragraph, table
from apispy.learn.story.builds import BuildPart
from apispy.learn.story.story import MAX_FAILURES, Step, Story, Thing
from apispy.learn.wording import count
from apispy.units import duration

MAX_STATES = 4
"""States of a container that one line names."""


def story_lines(story: Story, width: int) -> list[Line]:
    """Format the story: failures first, then each object with what was done to it, then what was left behind."""
    lines = [Line(_heading(story), "bold"), *table(story.summary, width)]
    if story.failures:
        lines += [BLANK, Line("Failed", "warn")]
        lines += table([(one.number, f"{one.what}: {one.error}") for one in story.failures], width)
        if story.failed > MAX_FAILURES:
            lines.append(Line(f"  and {story.failed - MAX_FAILURES} more"))
    kind = ""
    for thing in story.things:
        if thing.kind != kind:
            kind = thing.kind
            lines += [BLANK, Line(kind.capitalize(), "bold")]
        lines += _thing(thing, story.began, width)
    if story.other:
        rows = [(f"{calls} x", name) for name, calls in story.other.most_common()]
        lines += [BLANK, Line("Other calls", "bold"), *table(rows, width)]
    if story.beyond:
        lines += [BLANK, Line(f"{story.beyond} calls on more objects are not listed.")]
    return [*lines, BLANK, *_left_behind(story, width)]


def _heading(story: Story) -> str:
    seconds = max(0.0, story.ended - story.began) if story.calls else 0.0
    failed = f", {story.failed} failed" if story.failed else ""
    return f"{count(story.calls, 'call')} in {duration(seconds)}{failed}"


def _thing(thing: Thing, began: float, width: int) -> list[Line]:
    about = f"  {', '.join(thing.about)}" if thing.about else ""
    lines = [Line(f"  {thing.title}{about}")]
    if thing.line is not None:
        lines.append(Line(f"    $ {thing.line.text}", "dim"))  # not wrapped: it is to be pasted
        if thing.line.unsaid:
            lines += paragraph(f"no flag sets {', '.join(thing.line.unsaid)}", width, indent=6, style="dim")
        if thing.line.labels:
            lines += paragraph(
                f"left out: {count(thing.line.labels, 'label')} of Compose", width, indent=6, style="dim"
            )
    rows = [(step.number, f"+{step.at - began:.2f} s", _step(step, thing)) for step in thing.steps]
    lines += table(rows, width, indent=4)
    for step in thing.steps:
        if step.build:
            lines += [Line(f"    steps of {step.number}"), *_build(step.build, width)]
    if thing.more:
        lines.append(Line(f"    and {count(thing.more, 'call')} more"))
    return lines


def _step(step: Step, thing: Thing) -> str:
    if step.states:
        return _polled(step)
    if step.operation == "ContainerWait":
        return f"{step.text}{_since_start(step, thing)}"
    times = f" {step.calls} times" if step.calls > 1 else ""
    took = step.ended - step.started  # 0 in files without times
    return f"{step.text}{times}{f' ({duration(took)})' if took else ''}"


def _build(build: BuildPart, width: int) -> list[Line]:
    """Format the steps of a build: "1.31 s  [build 2/3] RUN make"."""
    rows = [
        (
            "cached" if one.cached else duration(one.seconds),
            f"{one.name}{f': {one.error}' if one.error else ''}",
        )
        for one in build.steps
    ]
    more = [Line(f"      and {count(build.more, 'step')} more")] if build.more else []
    return [*table(rows, width, indent=6), *more]


def _polled(step: Step) -> str:
    """Describe inspections: "inspected 8 times in 1.52 s: running, starting; running, healthy"."""
    states = "; ".join(step.states[-MAX_STATES:])
    if len(step.states) > MAX_STATES:
        states = f"...; {states}"
    if step.calls == 1:
        return f"inspected: {states}"
    return f"inspected {step.calls} times in {duration(step.ended - step.started)}: {states}"


def _since_start(step: Step, thing: Thing) -> str:
    """Say how long after its start a container ended."""
    if step.failed or step.ended == step.started:
        return ""
    starts = [one.started for one in thing.steps if one.operation == "ContainerStart" and not one.failed]
    return f", {duration(step.ended - starts[-1])} after the start" if starts else ""


def _left_behind(story: Story, width: int) -> list[Line]:
    left = story.left_behind
    if not left:
        return [Line("Nothing that was created was left behind.")]
    kinds = dict.fromkeys(thing.kind for thing in left)
    rows = [(kind, ", ".join(thing.title for thing in left if thing.kind == kind)) for kind in kinds]
    return [Line("Left behind", "bold"), *table(rows, width)]

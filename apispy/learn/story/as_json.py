"""A story as a JSON value."""

from typing import Any

from apispy.learn.story.builds import BuildPart
from apispy.learn.story.story import Story, Thing


def story_json(story: Story) -> dict[str, Any]:
    """Return the story as JSON. Times are seconds since the first call began."""
    return {
        "calls": story.calls,
        "failed": story.failed,
        "seconds": round(max(0.0, story.ended - story.began), 6) if story.calls else 0.0,
        "failures": [{"call": one.number, "what": one.what, "error": one.error} for one in story.failures],
        "objects": [_thing(thing, story.began) for thing in story.things],
        "other": dict(story.other.most_common()),
        "not_listed": story.beyond,
        "left_behind": [
            {"kind": thing.kind, "name": thing.name, "id": thing.id} for thing in story.left_behind
        ],
    }


def _build(build: BuildPart) -> dict[str, Any]:
    steps = [
        {"name": one.name, "seconds": round(one.seconds, 6), "cached": one.cached, "error": one.error}
        for one in build.steps
    ]
    return {"steps": steps, "more": build.more}


def _thing(thing: Thing, began: float) -> dict[str, Any]:
    found: dict[str, Any] = {
        "kind": thing.kind,
        "name": thing.name,
        "id": thing.id,
        "about": thing.about,
        "created": thing.created,
        "removed": thing.removed,
        "steps": [
            {
                "call": step.number,
                "operation": step.operation,
                "text": step.text,
                "at": round(step.started - began, 6),
                "ended": round(step.ended - began, 6),
                "calls": step.calls,
                "failed": step.failed,
                "states": step.states,
            }
            | ({"build": _build(step.build)} if step.build else {})
            for step in thing.steps
        ],
        "more": thing.more,
    }
    if thing.line is not None:
        found["docker"] = {
            "words": list(thing.line.words),
            "no_flag": list(thing.line.unsaid),
            "compose_labels": thing.line.labels,
        }
    return found

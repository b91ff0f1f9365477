"""The story of a capture."""

from pathlib import Path
from typing import TYPE_CHECKING

from apispy.app.decoded_calls import collect
from apispy.app.progress import NoProgress, StartProgress

if TYPE_CHECKING:
    from apispy.learn.story import Story
    from apispy.outputs.filtered import CallFilter


def story_of(
    file: Path, call_filter: "CallFilter | None" = None, progress: StartProgress = NoProgress
) -> "Story":
    """Tell the story of the calls in *file*. Raises ApispyError, also if no call matches."""
    from apispy.learn.story import Story

    return collect(Story(), (file,), call_filter, progress)

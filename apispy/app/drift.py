"""The drift of captures: where responses differ from Docker's description."""

from pathlib import Path
from typing import TYPE_CHECKING

from apispy.app.decoded_calls import collect, failing_as_usage
from apispy.app.progress import NoProgress, StartProgress

if TYPE_CHECKING:
    from apispy.learn.drift import Drift, OpenApi
    from apispy.outputs.filtered import CallFilter


def drift_of(
    files: tuple[Path, ...], call_filter: "CallFilter | None" = None, progress: StartProgress = NoProgress
) -> "Drift":
    """Compare the responses in *files* with Docker's description.

    Raises UsageError, also for a file that cannot be read: exit code 1 means that there is a difference.
    """
    from apispy.learn.drift import Drift

    with failing_as_usage():
        return collect(Drift(), files, call_filter, progress)


def openapi_of(
    files: tuple[Path, ...], call_filter: "CallFilter | None" = None, progress: StartProgress = NoProgress
) -> "OpenApi":
    """Describe the calls in *files*. Raises UsageError as ``drift_of``."""
    from apispy.learn.drift import OpenApi

    with failing_as_usage():
        return collect(OpenApi(), files, call_filter, progress)

"""The drift of captures: where responses differ from Docker's description."""

from pathlib import Path
from typing import TYPE_CHECKING

from apispy.app.decoded_calls import read_files, require_calls
from apispy.app.progress import NoProgress, StartProgress
from apispy.errors import ApispyError, UsageError

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

    return _collect(Drift(), files, call_filter, progress)


def openapi_of(
    files: tuple[Path, ...], call_filter: "CallFilter | None" = None, progress: StartProgress = NoProgress
) -> "OpenApi":
    """Describe the calls in *files*. Raises UsageError as ``drift_of``."""
    from apispy.learn.drift import OpenApi

    return _collect(OpenApi(), files, call_filter, progress)


def _collect[T: (Drift, OpenApi)](
    collector: T, files: tuple[Path, ...], call_filter: "CallFilter | None", progress: StartProgress
) -> T:
    try:
        for decoded, source in read_files(files, call_filter, progress):
            collector.add(decoded, source)
        require_calls(collector.calls, files)
    except ApispyError as error:
        raise UsageError(str(error)) from None
    return collector

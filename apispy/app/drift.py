"""The drift of captures: where responses differ from Docker's description."""

from pathlib import Path
from typing import TYPE_CHECKING

from apispy.app.decoded_calls import read_files, require_calls
from apispy.app.progress import NoProgress, StartProgress
from apispy.errors import ApispyError, UsageError

if TYPE_CHECKING:
    from apispy.learn.drift import Drift
    from apispy.outputs.filtered import CallFilter


def drift_of(
    files: tuple[Path, ...], call_filter: "CallFilter | None" = None, progress: StartProgress = NoProgress
) -> "Drift":
    """Compare the responses in *files* with Docker's description.

    Raises UsageError, also for a file that cannot be read: exit code 1 means that there is a difference.
    """
    from apispy.learn.drift import Drift

    drift = Drift()
    try:
        for decoded, source in read_files(files, call_filter, progress):
            drift.add(decoded, source)
        require_calls(drift.calls, files)
    except ApispyError as error:
        raise UsageError(str(error)) from None
    return drift

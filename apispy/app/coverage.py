"""The coverage of captures: which parts of Docker's API their calls touch."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from apispy.app.decoded_calls import failing_as_usage, read_files
from apispy.app.progress import NoProgress, StartProgress
from apispy.errors import UsageError

if TYPE_CHECKING:
    from apispy.learn.coverage import Baseline, Report
    from apispy.outputs.filtered import CallFilter

MAX_BASELINE = 16 << 20
"""Bytes of a baseline that is read."""


def coverage_of(
    files: tuple[Path, ...],
    version: str | None = None,
    baseline: Path | None = None,
    call_filter: "CallFilter | None" = None,
    progress: StartProgress = NoProgress,
) -> "Report":
    """Report the coverage of API *version* by the calls in *files*; None: of the version that most calls name.

    Raises UsageError, also for a file that cannot be read: exit code 1 means that the coverage is too low.
    """
    from apispy.learn.coverage import Coverage, Report

    earlier = None if baseline is None else _read_baseline(baseline)
    coverage = Coverage()
    with failing_as_usage():
        for decoded, _ in read_files(files, call_filter, progress):
            coverage.add(decoded)
    return Report.of(coverage, version, earlier)


def _read_baseline(file: Path) -> "Baseline":
    from apispy.learn.coverage import baseline_of

    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BASELINE + 1)
        return baseline_of(json.loads(data))
    except OSError as error:
        raise UsageError(f"--baseline {file}: {error.strerror}; name a file that you may read") from None
    except (ValueError, RecursionError):
        raise UsageError(
            f"--baseline {file}: not JSON; expected what `apispy coverage --json` wrote"
        ) from None
    except UsageError as error:
        raise UsageError(f"--baseline {file}: {error}") from None

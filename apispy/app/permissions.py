"""The permissions of captures, and a policy compared with them."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from apispy.app.decoded_calls import collect, failing_as_usage
from apispy.app.progress import NoProgress, StartProgress
from apispy.errors import MissingExtra, UsageError

if TYPE_CHECKING:
    from apispy.learn.permissions import Check, Usage
    from apispy.learn.permissions.targets import Policy
    from apispy.outputs.filtered import CallFilter

MAX_CONFIG = 4 << 20
"""Bytes of a configuration that is read."""


def usage_of(
    files: tuple[Path, ...], call_filter: "CallFilter | None" = None, progress: StartProgress = NoProgress
) -> "Usage":
    """Collect the permissions that the calls in *files* use. Raises ApispyError."""
    from apispy.learn.permissions import Usage

    return collect(Usage(), files, call_filter, progress)


def check_files(
    files: tuple[Path, ...],
    config: Path,
    target: str,
    call_filter: "CallFilter | None" = None,
    progress: StartProgress = NoProgress,
) -> "Check":
    """Apply the configuration *config* of *target* to the calls in *files*.

    Raises UsageError, also for a file that cannot be read: exit code 1 means that calls are refused.
    """
    from apispy.learn.permissions import Check

    check = Check(_read_policy(config, target))
    with failing_as_usage():
        return collect(check, files, call_filter, progress)


def _read_policy(config: Path, name: str) -> "Policy":
    from apispy.learn.permissions import TARGETS

    target = TARGETS[name]
    try:
        with config.open("rb") as file:
            data = file.read(MAX_CONFIG + 1)
        if len(data) > MAX_CONFIG:
            raise UsageError(f"longer than {MAX_CONFIG >> 20} MB")
        text = data.decode()
        return target.read(_yaml(text) if target.reads == "yaml" else text)
    except OSError as error:
        raise UsageError(f"--check {config}: {error.strerror}; name a file that you may read") from None
    except (UnicodeDecodeError, UsageError) as error:
        why = "not text in UTF-8" if isinstance(error, UnicodeDecodeError) else error
        raise UsageError(f"--check {config}: {why}") from None


def _yaml(text: str) -> Any:
    try:
        from apispy.importers import yaml_values
    except ImportError:
        raise UsageError(str(MissingExtra("PyYAML", "to read it", "yaml"))) from None
    try:
        return yaml_values.load(text)
    except yaml_values.YamlError as error:
        raise UsageError(str(error)) from None

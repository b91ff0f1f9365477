"""Environments of Python for packages that only one test needs, made once and kept beside the modern engine's root."""

import subprocess
import sys

from .conftest import unavailable
from .modern_root import ROOTS


def python_with(package: str) -> str:
    """Return the Python of an environment that has *package*, such as "mcp==2.3.0"; it is made if it is missing.

    Where that is not possible, the test is skipped, or fails in CI.
    """
    where = ROOTS / f"{package}-python{sys.version_info[0]}.{sys.version_info[1]}"
    program = where / "bin/python"
    if not (where / ".ready").exists():
        try:
            subprocess.run([sys.executable, "-m", "venv", "--clear", where], check=True, capture_output=True)
            subprocess.run([program, "-m", "pip", "install", "-q", package], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            unavailable(f"this test needs {package} from PyPI: {getattr(error, 'stderr', error)!r}")
        (where / ".ready").touch()
    return str(program)

"""A directory with Debian sid's Python, for a Python that this machine has not, and as the base of a container image.

mmdebstrap unpacks the packages in 20 s and runs none of their scripts. It is kept beside the modern engine's root.
"""

import shutil
import subprocess
from pathlib import Path

from .conftest import unavailable
from .modern_root import SUITE, kept_directory, mirror

PACKAGES = "base-files,ca-certificates,coreutils,dash,libc-bin,libc6,python3,python3-venv"
"""A shell, Python with pip, and what pip needs to verify PyPI's certificate."""

EXPIRED_LISTS = 'Acquire::Check-Valid-Until "false"'
"""A mirror may lag behind; the lists are still signed."""


def python_root() -> Path:
    """Return the directory, which is made if it is missing. Where that is not possible, skip, or fail in CI."""
    return kept_directory(f"{SUITE}-python", _make)


def python_version(root: Path) -> str:
    """Return the version of its Python, such as "3.14"."""
    command = ["chroot", str(root), "python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.strip()


def _make(root: Path) -> None:
    if not shutil.which("mmdebstrap"):
        unavailable("needs mmdebstrap; on Debian: apt-get install mmdebstrap")
    command = [
        "mmdebstrap",
        "--variant=extract",
        "--mode=root",
        f"--include={PACKAGES}",
        f"--aptopt={EXPIRED_LISTS}",
    ]
    done = subprocess.run(
        [*command, SUITE, str(root), mirror()],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    if done.returncode:
        unavailable(f"mmdebstrap ended with {done.returncode}: {done.stderr[-2000:]}")
    # What the packages' scripts would have done: one file of all certificates.
    certificates = sorted((root / "usr/share/ca-certificates").rglob("*.crt"))
    (root / "etc/ssl/certs/ca-certificates.crt").write_text("".join(one.read_text() for one in certificates))
    for name in ("mnt", "proc"):
        (root / name).mkdir(exist_ok=True)

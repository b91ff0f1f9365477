"""Root file systems for images: this Python with apispy, and programs of a root; both with busybox for a shell."""

import importlib.metadata
import io
import re
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from .daemon import BUSYBOX

ROOT = Path(__file__).parents[2]
UNUSED = {
    "test",
    "tests",
    "idlelib",
    "tkinter",
    "turtledemo",
    "ensurepip",
    "site-packages",
    "pydoc_data",
    "lib2to3",
}
"""Directories of the standard library that apispy does not import."""

PROGRAM = f"""#!/bin/sh
export PYTHONPATH=/opt/apispy:/opt/packages
exec {sys.base_prefix}/bin/python{sys.version_info[0]}.{sys.version_info[1]} -m apispy "$@"
"""


def write_apispy_root(out: BinaryIO) -> None:
    """Write the root file system of an image with apispy in its PATH, as tar."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    base = Path(sys.base_prefix)
    files = {path: str(path) for path in _walk(base / "lib" / version)}
    files |= {path: str(path) for path in (base / "bin" / version, *base.glob("lib/libpython*.so.*"))}
    files |= {path: f"/opt/apispy/{path.relative_to(ROOT)}" for path in _walk(ROOT / "apispy")}
    files |= _packages("apispy")
    with tarfile.open(fileobj=out, mode="w") as tar:
        _add_shell(tar)
        _add_text(tar, "usr/bin/apispy", PROGRAM)
        for path, name in files.items():
            tar.add(path, name.lstrip("/"), recursive=False)
        binaries = [path for path in files if ".so" in path.name or path.parent.name == "bin"]
        for library in _libraries(binaries):
            tar.add(library.resolve(), str(library).lstrip("/"), recursive=False)


def write_program_root(out: BinaryIO, program: Path, run: Callable[..., str], root: Path) -> None:
    """Write the root file system of an image with *program* of *root*, as tar. *run* runs a command in that root."""
    with tarfile.open(fileobj=out, mode="w") as tar:
        _add_shell(tar)
        for name in (str(program), *_named_libraries(run("ldd", str(program)))):
            tar.add((root / name.lstrip("/")).resolve(), name.lstrip("/"), recursive=False)


def _walk(directory: Path) -> Iterator[Path]:
    for at, directories, names in directory.walk():
        directories[:] = [
            name for name in directories if name not in UNUSED and not name.startswith("config-")
        ]
        yield from (at / name for name in names)


def _packages(name: str) -> dict[Path, str]:
    """Return the files of what a distribution requires, and where they go."""
    found: dict[Path, str] = {}
    seen, left = set[str](), [name]
    while left:
        name = left.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:  # for another Python or system
            continue
        required = distribution.requires or []
        left += [re.split(r"[^\w.-]", one)[0] for one in required if "extra ==" not in one]
        for file in distribution.files or []:
            path = Path(str(file.locate()))
            if ".." not in file.parts and path.is_file() and not UNUSED.intersection(file.parts):
                found[path] = f"/opt/packages/{file}"
    return found


def _libraries(binaries: Iterable[Path]) -> set[Path]:
    done = subprocess.run(["ldd", *binaries], capture_output=True, text=True, check=False)
    return {
        Path(name)
        for name in _named_libraries(done.stdout)
        if Path(name).is_relative_to("/lib") or "ld-linux" in name
    }


def _named_libraries(shown: str) -> set[str]:
    """Return the paths in the output of ldd."""
    return set(re.findall(r"(?m)(?:^\s+|=> )(/\S+) \(0x", shown))


def _add_shell(tar: tarfile.TarFile) -> None:
    for name in ("bin", "usr", "usr/bin", "lib", "tmp", "etc", "dev", "proc", "sys", "run"):
        directory = tarfile.TarInfo(name)
        directory.type, directory.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(directory)
    tar.add(BUSYBOX, "bin/busybox")
    for name in ("sh", "test"):
        link = tarfile.TarInfo(f"bin/{name}")
        link.type, link.linkname = tarfile.SYMTYPE, "busybox"
        tar.addfile(link)


def _add_text(tar: tarfile.TarFile, name: str, text: str) -> None:
    file = tarfile.TarInfo(name)
    file.size, file.mode = len(text), 0o755
    tar.addfile(file, io.BytesIO(text.encode()))

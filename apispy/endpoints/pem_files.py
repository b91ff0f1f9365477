"""Copies of an endpoint's TLS files, under the names by which docker finds them."""

import shutil
from pathlib import Path

from apispy.endpoints.address import TLS
from apispy.endpoints.files import make_directory, write
from apispy.errors import ApispyError


def copy_pem_files(tls: TLS, folder: Path) -> None:
    """Put ca.pem, cert.pem and key.pem, as far as there are any, into *folder* (0700), each 0600, and nothing else."""
    files = {"ca": tls.ca, "cert": tls.cert, "key": tls.key}
    try:
        content = {role: file.read_bytes() for role, file in files.items() if file}
    except OSError as error:
        raise ApispyError(f"{error.filename}: {error.strerror}. See that you may read it.") from error
    make_directory(folder)
    for role in files:
        if role in content:
            write(folder / f"{role}.pem", content[role])
        else:
            (folder / f"{role}.pem").unlink(missing_ok=True)


def remove_tree(folder: Path) -> None:
    """Remove *folder*, which need not be there. ApispyError when that fails."""
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise ApispyError(
            f"{error.filename or folder}: {error.strerror}, so {folder} was not removed."
        ) from error

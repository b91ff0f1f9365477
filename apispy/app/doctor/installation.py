"""Python, mitmproxy, and where they are installed."""

import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from apispy.app.doctor.base import Finding, Surroundings, note, ok, problem

LOWEST = (3, 12)
TRIED = ("12.2.", "12.3.")
"""The versions of mitmproxy that apispy's tests have run with begin so."""


def check_python(_: Surroundings) -> Iterator[Finding]:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < LOWEST:
        yield problem(f"{found} in {sys.executable}", "Install apispy with Python 3.12 or later")
    else:
        yield ok(f"{found} in {sys.executable}")


def check_environment(_: Surroundings) -> Iterator[Finding]:
    if sys.prefix == sys.base_prefix:
        cure = "A virtual environment keeps them apart: uv tool install apispy, or pipx install apispy"
        yield note("installed among the packages of the system's Python", cure)
        return
    settings = Path(sys.prefix, "pyvenv.cfg")
    made_by_uv = settings.is_file() and "\nuv = " in f"\n{settings.read_text(errors='replace')}"
    yield ok(f"{sys.prefix}{', made by uv' if made_by_uv else ''}")


def check_mitmproxy(_: Surroundings) -> Iterator[Finding]:
    again = f"{sys.executable} -m pip install --force-reinstall 'mitmproxy>=12.2,<12.4'"
    try:
        found = version("mitmproxy")
        import apispy.proxy.service  # noqa: F401 - what the proxy needs, and so what has to be importable
    except (PackageNotFoundError, ImportError) as error:
        yield problem(f"cannot be imported: {error}", again)
        return
    if found.startswith(TRIED):
        yield ok(found)
    else:
        yield note(f"{found}, which apispy was not tried with", f"If apispy misbehaves: {again}")

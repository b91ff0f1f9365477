"""Python and mitmproxy: their versions, and where they are installed."""

import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from apispy.app.doctor.base import CheckContext, Finding, note, ok, problem

MIN_PYTHON = (3, 12)
TESTED_MITMPROXY = ("12.2.", "12.3.")
"""Prefixes of the mitmproxy versions that apispy is tested with."""


def check_python(_: CheckContext) -> Iterator[Finding]:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < MIN_PYTHON:
        yield problem(f"{found} in {sys.executable}", "Install apispy with Python 3.12 or later")
    else:
        yield ok(f"{found} in {sys.executable}")


def check_environment(_: CheckContext) -> Iterator[Finding]:
    if sys.prefix == sys.base_prefix:
        remedy = "Use a virtual environment: uv tool install apispy, or pipx install apispy"
        yield note("installed in the system's Python", remedy)
        return
    settings = Path(sys.prefix, "pyvenv.cfg")
    by_uv = settings.is_file() and "\nuv = " in f"\n{settings.read_text(errors='replace')}"
    yield ok(f"{sys.prefix}{', created by uv' if by_uv else ''}")


def check_mitmproxy(_: CheckContext) -> Iterator[Finding]:
    again = f"{sys.executable} -m pip install --force-reinstall 'mitmproxy>=12.2,<12.4'"
    try:
        found = version("mitmproxy")
        import apispy.proxy.service  # noqa: F401 - it must be importable for the proxy
    except (PackageNotFoundError, ImportError) as error:
        yield problem(f"cannot be imported: {error}", again)
        return
    if found.startswith(TESTED_MITMPROXY):
        yield ok(found)
    else:
        yield note(f"{found}, which apispy is not tested with", f"If apispy misbehaves: {again}")

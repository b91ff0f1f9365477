"""Python, mitmproxy and the extras: their versions, and where they are installed; directories, and the terminal."""

import codecs
import getpass
import importlib.util
import os
import re
import shlex
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from apispy import system
from apispy.app.doctor.base import CheckContext, Finding, note, ok, problem, sudo
from apispy.endpoints.instances import directories

MIN_PYTHON = (3, 12)
TESTED_MITMPROXY = ("12.2.", "12.3.")
"""Prefixes of the mitmproxy versions that apispy is tested with."""
_EXTRA = re.compile(r"""([\w.-]+?)>=([\d.]+) *; *extra == ['"](\w+)['"]""")


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
    by_uv = settings.is_file() and "\nuv = " in f"\n{settings.read_text('utf-8', 'replace')}"
    yield ok(f"{sys.prefix}{', created by uv' if by_uv else ''}")


def check_mitmproxy(_: CheckContext) -> Iterator[Finding]:
    again = _install("mitmproxy>=12.2,<12.4", "--force-reinstall")
    try:
        found = version("mitmproxy")
        import apispy.proxy.service  # noqa: F401 - it must be importable for the proxy
    except (PackageNotFoundError, ImportError) as error:
        yield problem(f"cannot be imported: {error}", "Install it again", again)
        return
    if found.startswith(TESTED_MITMPROXY):
        yield ok(found)
    else:
        yield note(
            f"{found}, which apispy is not tested with", "If apispy misbehaves, install another", again
        )


def check_extras(_: CheckContext) -> Iterator[Finding]:
    """Check the versions of optional packages. Those that are missing are no problem: commands name them."""
    for package, lowest, extra in _optional_packages():
        try:
            found = version(package)
        except PackageNotFoundError:
            continue
        if _numbers(found) < _numbers(lowest):
            text = f"{package} {found} is too old for apispy[{extra}], which needs {lowest}"
            yield problem(text, "Install a newer one", _install(f"{package}>={lowest}", "--upgrade"))
        else:
            yield ok(f"{package} {found}, for apispy[{extra}]")


def _optional_packages() -> list[tuple[str, str, str]]:
    """Return (package, lowest version, extra) of apispy's extras, from its metadata."""
    try:
        lines = requires("apispy") or []
    except PackageNotFoundError:  # run from a source tree
        return []
    return [(found[1], found[2], found[3]) for line in lines if (found := _EXTRA.fullmatch(line))]


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def _install(requirement: str, option: str) -> str:
    """Return the command that installs into this environment: those that uv makes have no pip."""
    if importlib.util.find_spec("pip"):
        return shlex.join([sys.executable, "-m", "pip", "install", option, requirement])
    option = option.replace("--force-reinstall", "--reinstall")
    return shlex.join(["uv", "pip", "install", "--python", sys.executable, option, requirement])


def check_directories(context: CheckContext) -> Iterator[Finding]:
    """Check the directories that apispy writes to: its certificates, and the file by which others find it."""
    found: dict[Path, Finding] = {}  # by the directory that has to change
    for path in (context.certs_dir, directories(context.environ, context.home)[0]):
        existing = next(
            place for place in (path, *path.parents) if os.path.exists(place)
        )  # False, too, without access
        if not os.access(existing, os.W_OK | os.X_OK):
            found.setdefault(existing, _not_writable(context, path, existing))
    yield from found.values() or [ok("apispy can write to its directories")]


def _not_writable(context: CheckContext, path: Path, existing: Path) -> Finding:
    text = f"{path} cannot be written: you may not write to {existing}"
    runtime = context.environ.get("XDG_RUNTIME_DIR")
    if runtime and existing.is_relative_to(runtime):
        return problem(
            f"{text}, in XDG_RUNTIME_DIR", "Remove the variable of another user", "unset XDG_RUNTIME_DIR"
        )
    if system.is_read_only(existing):
        text = f"{path} cannot be written: {existing} is on a file system that is read-only"
    elif existing.is_relative_to(context.home):
        where = shlex.quote(str(existing))
        if system.is_own(existing.stat()):
            return problem(text, "Allow it to yourself", f"chmod u+rwx {where}")
        owner = f"chown -R {shlex.quote(getpass.getuser())} {where}"
        return problem(
            text, "It belongs to another user, perhaps since apispy ran with sudo: take it", sudo(owner)
        )
    return problem(
        text, "Use another data directory, such as a new one", 'export XDG_DATA_HOME="$(mktemp -d)"'
    )


def check_terminal(context: CheckContext) -> Iterator[Finding]:
    """Check the encoding of the output: apispy's own words are ASCII, but names and program output may not be."""
    try:
        encoding = codecs.lookup(context.encoding).name
    except LookupError:
        encoding = context.encoding
    if encoding == "utf-8":
        yield ok("the output is in UTF-8")
    else:
        text = f"the output is in {encoding}: characters that it does not have are shown as escapes"
        yield note(text, "Choose a locale with UTF-8", "unset PYTHONIOENCODING; export LC_ALL=C.UTF-8")

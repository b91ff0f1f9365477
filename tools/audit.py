"""`make audit`: are there known vulnerabilities in what apispy needs and is tested with?

Asks pip-audit, which gets an environment of its own, with the data of PyPI, then of OSV. Exit codes: 0 every package
was looked up and none has any; 1 some have; 75 not all could be looked up (EX_TEMPFAIL of sysexits.h): nothing is known
of those, so that is neither success nor failure. pip-audit itself would pass then.
"""

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

GOOD, VULNERABLE, UNKNOWN = 0, 1, 75
SERVICES = ("pypi", "osv")
PATIENCE = 300
"""Seconds that one service gets for all packages."""


def auditor(where: Path) -> Path | None:
    """The Python of an environment with pip-audit in it; None if none can be made."""
    python = where / "bin/python"
    if not python.exists():
        venv.create(where, with_pip=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "--upgrade", "pip-audit"]
    return python if subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 0 else None


def installed() -> str:
    """The packages beside this Python, a line each, as pip freeze has them; without apispy itself."""
    command = [sys.executable, "-m", "pip", "freeze", "--exclude-editable"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def asked(python: Path, service: str, packages: str) -> list[dict[str, Any]] | str:
    """What pip-audit found of each package, or why it cannot tell."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(packages)
        file.flush()
        command = [str(python), "-m", "pip_audit", "--requirement", file.name, "--no-deps", "--disable-pip"]
        command += ["--vulnerability-service", service, "--format", "json", "--progress-spinner", "off"]
        try:
            done = subprocess.run(
                command,
                check=False,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired:
            return f"no answer within {PATIENCE} s"
    try:
        found = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
    return list(found)


def verdict(found: list[dict[str, Any]]) -> tuple[int, list[str]]:
    """The exit code, and the lines that explain it."""
    bad = [one for one in found if one.get("vulns")]
    unknown = [one for one in found if "skip_reason" in one]
    lines = []
    for one in bad:
        for vulnerability in one["vulns"]:
            fixed = ", ".join(vulnerability.get("fix_versions", ())) or "none yet"
            lines.append(f"{one['name']} {one['version']}: {vulnerability['id']}; mended in: {fixed}")
    known = len(found) - len(unknown)
    lines.append(f"{known} of {len(found)} packages were looked up; {len(bad)} have known vulnerabilities.")
    return VULNERABLE if bad else UNKNOWN if unknown or not found else GOOD, lines


def main() -> int:
    python = auditor(Path(sys.prefix + "-audit"))
    if python is None:
        print("NOT AUDITED: pip-audit cannot be installed. This is no success.")
        return UNKNOWN
    packages = installed()
    for service in SERVICES:
        found = asked(python, service, packages)
        code, lines = (UNKNOWN, [found]) if isinstance(found, str) else verdict(found)
        print("\n".join(f"{service}: {line}" for line in lines))
        if code != UNKNOWN:
            return code
    print("NOT AUDITED: no service knows all packages. This is no success.")
    return UNKNOWN


if __name__ == "__main__":
    sys.exit(main())

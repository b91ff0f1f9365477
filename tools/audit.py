"""`make audit`: look for known vulnerabilities in the packages that apispy and its tests depend on.

Runs pip-audit in its own environment with PyPI's data, then with OSV's. Exit codes: 0 all packages were looked up, none
is vulnerable; 1 some are vulnerable; 75 not all could be looked up (EX_TEMPFAIL of sysexits.h), which is neither a
success nor a failure. pip-audit itself would pass in that case.
"""

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

NO_VULNERABILITIES, VULNERABLE, UNKNOWN = 0, 1, 75
SERVICES = ("pypi", "osv")
TIMEOUT = 300
"""Seconds per service, for all packages."""


def install_pip_audit(where: Path) -> Path | None:
    """Create an environment with pip-audit, and return its Python; None if that fails."""
    python = where / "bin/python"
    if not python.exists():
        venv.create(where, with_pip=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "--upgrade", "pip-audit"]
    return python if subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 0 else None


def installed_packages() -> str:
    """Return the packages of this Python in pip freeze's format, one per line, without apispy itself."""
    command = [sys.executable, "-m", "pip", "freeze", "--exclude-editable"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def run_pip_audit(python: Path, service: str, packages: str) -> list[dict[str, Any]] | str:
    """Return pip-audit's result for each package, or the reason why there is none."""
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
                timeout=TIMEOUT,
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired:
            return f"no response within {TIMEOUT} s"
    try:
        found = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return (done.stderr.strip().splitlines() or ["pip-audit printed nothing"])[-1]
    return list(found)


def evaluate(found: list[dict[str, Any]]) -> tuple[int, list[str]]:
    """Return the exit code, and the lines that explain it."""
    bad = [one for one in found if one.get("vulns")]
    unknown = [one for one in found if "skip_reason" in one]
    lines = []
    for one in bad:
        for vulnerability in one["vulns"]:
            fixed = ", ".join(vulnerability.get("fix_versions", ())) or "none yet"
            lines.append(f"{one['name']} {one['version']}: {vulnerability['id']}; fixed in: {fixed}")
    known = len(found) - len(unknown)
    lines.append(f"{known} of {len(found)} packages were looked up; known vulnerabilities in {len(bad)}.")
    return VULNERABLE if bad else UNKNOWN if unknown or not found else NO_VULNERABILITIES, lines


def main() -> int:
    python = install_pip_audit(Path(sys.prefix + "-audit"))
    if python is None:
        print("NOT AUDITED: pip-audit cannot be installed. This is not a success.")
        return UNKNOWN
    packages = installed_packages()
    for service in SERVICES:
        found = run_pip_audit(python, service, packages)
        code, lines = (UNKNOWN, [found]) if isinstance(found, str) else evaluate(found)
        print("\n".join(f"{service}: {line}" for line in lines))
        if code != UNKNOWN:
            return code
    print("NOT AUDITED: no service has data on all packages. This is not a success.")
    return UNKNOWN


if __name__ == "__main__":
    sys.exit(main())

"""tools/audit.py: an unknown result is neither a success nor a vulnerability."""

from tools import audit

GOOD = {"name": "click", "version": "8.3.1", "vulns": []}
BAD = {"name": "old", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}
NOT_FOUND = {
    "name": "mine",
    "skip_reason": "Dependency not found on PyPI and could not be audited: mine (1.0)",
}


def test_all_known_and_good():
    assert audit.evaluate([GOOD, GOOD]) == (
        0,
        ["2 of 2 packages were looked up; known vulnerabilities in 0."],
    )


def test_a_vulnerability_is_a_failure_whatever_else_is_not_known():
    code, lines = audit.evaluate([GOOD, BAD, NOT_FOUND])
    assert code == 1
    assert lines == [
        "old 1.0: PYSEC-1; fixed in: 1.1", "2 of 3 packages were looked up; known vulnerabilities in 1."
    ]  # fmt: skip


def test_what_pip_audit_would_pass_without_having_looked_is_neither():
    assert audit.evaluate([NOT_FOUND])[0] == 75
    assert audit.evaluate([GOOD, NOT_FOUND])[0] == 75
    assert audit.evaluate([])[0] == 75


def test_the_packages_are_those_that_are_installed_here():
    lines = audit.installed_packages().splitlines()
    assert any(line.startswith("click==") for line in lines)
    assert not any("apispy" in line for line in lines)

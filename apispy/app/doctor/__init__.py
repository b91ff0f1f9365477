"""The checks of `apispy doctor`, in the order in which they are shown."""

from collections.abc import Iterator

from apispy.app.doctor.base import Check, CheckContext, Finding, problem
from apispy.app.doctor.certificates import check_certificates
from apispy.app.doctor.clients import check_api_versions, check_clis, check_proxies, check_variables
from apispy.app.doctor.daemons import check_clock, check_daemon, check_sockets
from apispy.app.doctor.installation import (
    check_directories,
    check_environment,
    check_extras,
    check_mitmproxy,
    check_python,
    check_terminal,
)
from apispy.app.doctor.listener import check_listen
from apispy.errors import ApispyError

CHECKS: tuple[tuple[str, Check], ...] = (
    ("Python", check_python),
    ("environment", check_environment),
    ("mitmproxy", check_mitmproxy),
    ("extras", check_extras),
    ("directories", check_directories),
    ("terminal", check_terminal),
    ("certificates", check_certificates),
    ("listener", check_listen),
    ("daemon", check_daemon),
    ("sockets", check_sockets),
    ("clock", check_clock),
    ("docker CLI", check_clis),
    ("API versions", check_api_versions),
    ("variables", check_variables),
    ("proxies", check_proxies),
)


def run_checks(context: CheckContext) -> Iterator[tuple[str, Finding]]:
    """Yield (name of the check, finding), each as soon as it is known. A check may have no finding."""
    for name, check in CHECKS:
        try:
            for finding in check(context):
                yield name, finding
        except (ApispyError, OSError) as error:
            yield name, problem(f"could not be checked: {error}", "Fix that, and try again")


__all__ = ["CHECKS", "CheckContext", "Finding", "run_checks"]

"""The pytest plugin: ``@pytest.mark.docker_fixture("ps.json")`` and the fixture ``docker_api``. docs/pytest.md

Only pytest is imported before a test asks for a Docker API.
"""

import re
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from apispy.testing import Api

MARK, FIXTURE, OPTION = "docker_fixture", "docker_api", "--docker-record"

MODES = {
    "none": "play fixtures, never ask a daemon",
    "once": "record a fixture that is not there, play the others",
    "new": "also run a test again and record it, if it asks for what its fixture has not",
    "all": "record all fixtures anew",
}

KEYWORDS = ("match", "repeat_last", "speed")
"""What the mark takes besides a file: as ``apispy replay`` does."""

DIRECTORY = "fixtures"
"""Beside the test's file: where its fixtures are."""

API = pytest.StashKey["Api"]()
PASSED = pytest.StashKey[bool]()
AGAIN = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    modes = "; ".join(f"{name}: {what}" for name, what in MODES.items())
    parser.getgroup("apispy").addoption(
        OPTION, choices=list(MODES), default="none", help=f"Docker fixtures of apispy. {modes}"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        f"{MARK}(file, *, match=None, repeat_last=False, speed='fast'): play the Docker daemon from a fixture of "
        f"apispy, a file in {DIRECTORY}/ beside the test",
    )


@pytest.fixture
def docker_api(request: pytest.FixtureRequest) -> Iterator["Api"]:
    """A Docker API for this test, played or recorded: DOCKER_HOST leads to it."""
    item = request.node
    path, keywords = _asked(item)
    with _api(item, path, keywords) as api:
        item.stash[API] = api
        yield api
        if text := _told(item):
            pytest.fail(text, pytrace=False)


@pytest.fixture(autouse=True)
def _docker_fixture(request: pytest.FixtureRequest) -> None:
    """The mark alone is enough."""
    if request.node.get_closest_marker(MARK):
        request.getfixturevalue(FIXTURE)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """A test that passed although something was missed has failed; one that failed is told why."""
    try:
        result = yield
    except BaseException:
        if text := _told(item):
            item.add_report_section("call", "apispy replay", text)
        raise
    if text := _told(item):
        pytest.fail(text, pytrace=False)
    item.stash[PASSED] = True
    return result


def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """In the mode "new": what was missed is recorded, by running the test again."""
    if item.config.getoption(OPTION) != "new" or not _concerns(item):
        return None
    from _pytest.runner import runtestprotocol  # as those plugins do that run failed tests again

    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    if item.stash.get(AGAIN, False):
        item._initrequest()  # type: ignore[attr-defined]
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


# -- parts --


def _concerns(item: pytest.Item) -> bool:
    return bool(item.get_closest_marker(MARK)) or FIXTURE in getattr(item, "fixturenames", ())


def _asked(item: pytest.Item) -> tuple[Path, dict[str, Any]]:
    """The file, and the keywords for the replay. Without a mark the file is named after the test."""
    mark = item.get_closest_marker(MARK)
    name = f"{item.path.stem}.{_safe(item.nodeid.partition('::')[2])}.json"
    if mark is None:
        return item.path.parent / DIRECTORY / name, {}
    fits = len(mark.args) <= 1 and all(isinstance(one, (str, Path)) for one in mark.args)
    if not fits or set(mark.kwargs) - set(KEYWORDS):
        given = ", ".join(
            [*map(repr, mark.args), *(f"{name}={value!r}" for name, value in mark.kwargs.items())]
        )
        raise pytest.UsageError(
            f"{MARK} takes the name of one file and {', '.join(KEYWORDS)}; found {MARK}({given}) at {item.nodeid}"
        )
    return item.path.parent / DIRECTORY / (mark.args[0] if mark.args else name), dict(mark.kwargs)


def _safe(name: str) -> str:
    """A name for a file."""
    return re.sub(r"[^\w.-]+", "-", name.replace("::", ".")).strip("-")


def _api(item: pytest.Item, path: Path, keywords: dict[str, Any]) -> AbstractContextManager["Api"]:
    from apispy import testing
    from apispy.errors import ApispyError

    mode = item.config.getoption(OPTION)
    records = mode == "all" or (mode != "none" and not path.exists())
    records = records or (mode == "new" and item.stash.get(AGAIN, False))
    chosen = _recording(item, path) if records else testing.replaying(path, **keywords)
    return _Failing(chosen, ApispyError)


def _recording(item: pytest.Item, path: Path) -> AbstractContextManager["Api"]:
    """It keeps the fixture only of a test that passed."""
    from contextlib import contextmanager

    from apispy import testing

    @contextmanager
    def recording() -> Iterator["Api"]:
        item.stash[PASSED] = False
        try:
            with testing.record(path) as api:
                yield api
                if not item.stash[PASSED]:
                    raise _NotKept
        except _NotKept:
            pass

    return recording()


class _NotKept(Exception):
    """The test did not pass, so its recording is thrown away."""


class _Failing:
    """A context manager whose errors of apispy's are failures of the test, without a traceback."""

    def __init__(self, inner: AbstractContextManager["Api"], errors: type[Exception]) -> None:
        self._inner, self._errors = inner, errors

    def __enter__(self) -> "Api":
        try:
            return self._inner.__enter__()
        except self._errors as error:
            text = str(error)
        pytest.fail(f"apispy: {text}", pytrace=False)

    def __exit__(self, *about: Any) -> bool | None:
        try:
            return self._inner.__exit__(*about)
        except self._errors as error:
            text = str(error)
        pytest.fail(f"apispy: {text}", pytrace=False)


def _told(item: pytest.Item) -> str:
    """What the test's replay was asked for and has not, told once; in the mode "new" it is to run again then."""
    api = item.stash.get(API, None)
    if api is None or not api.misses:
        return ""
    item.stash[AGAIN] = True
    del item.stash[API]
    return "\n".join(
        [*api.misses, f"The fixture is {api.path}. Record it anew: pytest {OPTION}=all {item.nodeid}"]
    )

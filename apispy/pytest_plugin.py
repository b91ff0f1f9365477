"""The pytest plugin: ``@pytest.mark.docker_fixture("ps.json")`` and the fixture ``docker_api``. See docs/pytest.md.

It imports only pytest until a test uses a Docker API.
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
    "none": "play fixtures, never use a daemon",
    "once": "record missing fixtures, play the others",
    "new": "like once, and record a test's fixture again if the test sends a request that is not in it",
    "all": "record all fixtures again",
}

KEYWORDS = ("match", "repeat_last", "speed")
"""The keyword arguments of the mark: the options of ``apispy replay``."""

DIRECTORY = "fixtures"
"""The directory of the fixtures, next to the test's file."""

API = pytest.StashKey["Api"]()
PASSED = pytest.StashKey[bool]()
RERUN = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    modes = "; ".join(f"{name}: {effect}" for name, effect in MODES.items())
    parser.getgroup("apispy").addoption(
        OPTION, choices=list(MODES), default="none", help=f"How to use apispy's Docker fixtures. {modes}"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        f"{MARK}(file, *, match=None, repeat_last=False, speed='fast'): play an apispy fixture as the Docker "
        f"daemon, a file in {DIRECTORY}/ next to the test",
    )


@pytest.fixture
def docker_api(request: pytest.FixtureRequest) -> Iterator["Api"]:
    """A Docker API for this test, played or recorded. DOCKER_HOST is set to it."""
    item = request.node
    path, keywords = _mark_arguments(item)
    with _api(item, path, keywords) as api:
        item.stash[API] = api
        yield api
        if text := _miss_report(item):
            pytest.fail(text, pytrace=False)


@pytest.fixture(autouse=True)
def _docker_fixture(request: pytest.FixtureRequest) -> None:
    """Let the mark work without naming the fixture."""
    if request.node.get_closest_marker(MARK):
        request.getfixturevalue(FIXTURE)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail a test that passed in spite of a miss; add the misses to the report of one that failed."""
    try:
        result = yield
    except BaseException:
        if text := _miss_report(item):
            item.add_report_section("call", "apispy replay", text)
        raise
    if text := _miss_report(item):
        pytest.fail(text, pytrace=False)
    item.stash[PASSED] = True
    return result


def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """In the mode "new", run a test with a miss again to record it."""
    if item.config.getoption(OPTION) != "new" or not _uses_docker_api(item):
        return None
    from _pytest.runner import runtestprotocol  # as plugins that rerun failed tests do

    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    if item.stash.get(RERUN, False):
        item._initrequest()  # type: ignore[attr-defined]
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


# -- parts --


def _uses_docker_api(item: pytest.Item) -> bool:
    return bool(item.get_closest_marker(MARK)) or FIXTURE in getattr(item, "fixturenames", ())


def _mark_arguments(item: pytest.Item) -> tuple[Path, dict[str, Any]]:
    """The fixture's path and the keyword arguments for the replay. Without a mark, the test gives the file its name."""
    mark = item.get_closest_marker(MARK)
    name = f"{item.path.stem}.{_file_name(item.nodeid.partition('::')[2])}.json"
    if mark is None:
        return item.path.parent / DIRECTORY / name, {}
    is_valid = len(mark.args) <= 1 and all(isinstance(one, (str, Path)) for one in mark.args)
    if not is_valid or set(mark.kwargs) - set(KEYWORDS):
        given = ", ".join(
            [*map(repr, mark.args), *(f"{name}={value!r}" for name, value in mark.kwargs.items())]
        )
        raise pytest.UsageError(
            f"{MARK} takes the name of one file and {', '.join(KEYWORDS)}; found {MARK}({given}) at {item.nodeid}"
        )
    return item.path.parent / DIRECTORY / (mark.args[0] if mark.args else name), dict(mark.kwargs)


def _file_name(name: str) -> str:
    """*name* with only characters that are safe in a file name."""
    return re.sub(r"[^\w.-]+", "-", name.replace("::", ".")).strip("-")


def _api(item: pytest.Item, path: Path, keywords: dict[str, Any]) -> AbstractContextManager["Api"]:
    from apispy import testing
    from apispy.errors import ApispyError

    mode = item.config.getoption(OPTION)
    records = mode == "all" or (mode != "none" and not path.exists())
    records = records or (mode == "new" and item.stash.get(RERUN, False))
    api = _recording(item, path) if records else testing.replaying(path, **keywords)
    return _FailTestOnError(api, ApispyError)


def _recording(item: pytest.Item, path: Path) -> AbstractContextManager["Api"]:
    """Record the fixture, and keep it only if the test passes."""
    from contextlib import contextmanager

    from apispy import testing

    @contextmanager
    def recording() -> Iterator["Api"]:
        item.stash[PASSED] = False
        try:
            with testing.record(path) as api:
                yield api
                if not item.stash[PASSED]:
                    raise _Discard
        except _Discard:
            pass

    return recording()


class _Discard(Exception):
    """The test did not pass, so its recording is discarded."""


class _FailTestOnError:
    """Wraps a context manager: apispy's errors fail the test without a traceback."""

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


def _miss_report(item: pytest.Item) -> str:
    """The misses of the test's replay, or "" if there are none or they were reported. Marks the test for a rerun."""
    api = item.stash.get(API, None)
    if api is None or not api.misses:
        return ""
    item.stash[RERUN] = True
    del item.stash[API]
    return "\n".join(
        [*api.misses, f"The fixture is {api.path}. Record it again: pytest {OPTION}=all {item.nodeid}"]
    )

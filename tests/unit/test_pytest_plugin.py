"""The pytest plugin, tested by running pytest in pytest; the clients are docker-py and aiodocker."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import forked_apispy

pytest_plugins = ["pytester"]

SAMPLES = Path(__file__).parents[2] / "samples/fixtures"

PLUGINS = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest")
"""Hypothesis's takes most of the time of a start."""

LISTS = """
    import docker
    import pytest

    @pytest.mark.docker_fixture("ps.json")
    def test_ps():
        client = docker.from_env()
        assert [one.name for one in client.containers.list(all={all})] == ["web"]
        client.close()
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """An empty project with the fixture ps.json, on a machine without a daemon."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere")
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    fixtures = pytester.mkdir("fixtures")
    (fixtures / "ps.json").write_bytes((SAMPLES / "ps.json").read_bytes())
    return pytester


def run(project: pytest.Pytester, text: str, *options: str) -> pytest.RunResult:
    project.makepyfile(test_it=text)
    done = forked_apispy.run(*PLUGINS, *options, program="pytest", cwd=project.path, timeout=110)
    return pytest.RunResult(done.returncode, done.stdout.splitlines(), done.stderr.splitlines(), 0.0)


def test_a_test_runs_without_a_daemon(project):
    run(project, LISTS.format(all=False)).assert_outcomes(passed=1)


def test_a_miss_fails_the_test_and_shows_the_nearest_call(project):
    result = run(project, LISTS.format(all=True))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*Captured apispy replay*", "*nearest: #2 GET*", "*query all*", "*- 0*", "*+ 1*"]
    )
    result.stdout.fnmatch_lines(["*fixtures/ps.json. Record it again: pytest --docker-record=all *test_ps*"])
    result.stdout.fnmatch_lines(['*To ignore the difference: match="-query.all". Otherwise record again.'])
    assert "--match" not in result.stdout.str()  # which is no option of pytest


def test_a_miss_that_the_test_swallows_fails_it_too(project):
    result = run(
        project,
        """
        import docker
        import pytest

        @pytest.mark.docker_fixture("ps.json")
        def test_it():
            try:
                docker.from_env().containers.list(all=True)
            except docker.errors.APIError:
                pass
        """,
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*miss: ContainerList*"])


def test_a_missing_fixture_error_says_how_to_record_it(project):
    result = run(project, LISTS.format(all=False).replace("ps.json", "other.json"))
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*other.json: there is no such fixture. Record it:*--docker-record=once"])


@pytest.mark.parametrize("given", ["1", "'a.json', 'b.json'", "'a.json', colour=3"])
def test_invalid_mark_arguments_are_reported(project, given):
    result = run(project, LISTS.format(all=False).replace('"ps.json"', given))
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*docker_fixture takes the name of one file and match, repeat_last, speed; found*"]
    )


def test_the_environment_is_restored(project):
    text = """
    import os
    import pytest

    @pytest.mark.docker_fixture("ps.json")
    def test_first(docker_api):
        assert os.environ["DOCKER_HOST"] == docker_api.host
        assert "DOCKER_TLS_VERIFY" not in os.environ
        assert docker_api.unplayed == ["#1 SystemVersion", "#2 ContainerList", "#3 ContainerInspect"]

    def test_then():
        assert os.environ["DOCKER_HOST"] == "unix:///nowhere"
        assert os.environ["DOCKER_TLS_VERIFY"] == "1"
    """
    run(project, text).assert_outcomes(passed=2)


def test_aiodocker_unittest_classes_and_mark_keywords(project):
    text = """
    import asyncio
    import unittest

    import aiodocker
    import docker
    import pytest

    @pytest.mark.docker_fixture("ps.json", match="-query,-version,-headers", repeat_last=True)
    def test_aiodocker():
        async def names():
            async with aiodocker.Docker() as client:
                return [one["Names"] for one in await client._query_json("containers/json")]

        assert asyncio.run(names()) == [["/web"]]
        assert asyncio.run(names()) == [["/web"]]

    @pytest.mark.docker_fixture("ps.json")
    class Test(unittest.TestCase):
        def test(self):
            self.assertEqual(len(docker.from_env().containers.list()), 1)
    """
    run(project, text, "-k", "aiodocker or Test").assert_outcomes(passed=2)


def test_parallel(project):
    text = LISTS.format(all=False).replace("def test_ps():", "def test_ps(number):")
    many = "    @pytest.mark.parametrize('number', range(12))"
    text = text.replace("    @pytest.mark.docker", f"{many}\n    @pytest.mark.docker")
    run(project, text, "-n", "2").assert_outcomes(passed=12)


def test_without_a_docker_api_nothing_is_imported(project):
    text = """
    import sys

    def test_it():
        found = [name for name in sys.modules if name.startswith("apispy.")]
        assert found == ["apispy.pytest_plugin"], found
    """
    project.makepyfile(test_it=text)
    project.runpytest_subprocess("-p", "no:cacheprovider", timeout=110).assert_outcomes(passed=1)


def test_a_replay_imports_neither_mitmproxy_nor_click():
    script = (
        "import sys, apispy.testing\n"
        f"with apispy.testing.replay({str(SAMPLES / 'ps.json')!r}) as api: assert not api.misses\n"
        "print([name for name in ('mitmproxy', 'click', 'cryptography', 'OpenSSL') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr

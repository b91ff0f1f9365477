"""``apispy.testing`` from any test framework."""

import http.client
import json
import os
import socket
from pathlib import Path

import pytest

from apispy import testing
from apispy.app.input_files import read_exchanges
from apispy.errors import ApispyError

PS = Path(__file__).parents[2] / "samples/fixtures/ps.json"


class Client(http.client.HTTPConnection):
    """An HTTP client for the unix socket of DOCKER_HOST."""

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(os.environ["DOCKER_HOST"].removeprefix("unix://"))


def ask(target: str) -> tuple[int, object]:
    client = Client("docker")
    client.request("GET", target)
    answer = client.getresponse()
    found = answer.status, json.loads(answer.read())
    client.close()
    return found


def test_a_fixture_is_played():
    before = os.environ.get("DOCKER_HOST")
    with testing.replay(PS) as api:
        status, body = ask("/version")
        assert (status, body["ApiVersion"]) == (200, "1.41")
        assert api.unplayed == ["#2 ContainerList", "#3 ContainerInspect"]
        assert not api.recording
    assert os.environ.get("DOCKER_HOST") == before


CASSETTE = PS.parents[1] / "docker-py.cassette.yaml"


@pytest.mark.parametrize("name", ["docker-20.10.pcap", "docker-ps.socat.log", CASSETTE.name])
def test_a_file_of_another_program_is_played(name, capsys):
    calls = read_exchanges(PS.parents[1] / name)
    [call] = [
        call for call in calls if call.request.method == "GET" and call.response.body.data[:1] in (b"{", b"[")
    ][:1]
    with testing.replay(PS.parents[1] / name, match="path,query") as api:
        assert ask(call.request.target) == (call.response.status, json.loads(call.response.body.data))
        assert len(api.unplayed) < len(calls)
    assert "its calls were imported" in capsys.readouterr().err


def test_a_file_of_another_program_is_not_replaced(tmp_path):
    copy = tmp_path / "x.yaml"
    copy.write_bytes(CASSETTE.read_bytes())
    with (
        pytest.raises(testing.CannotRecord, match=r"a cassette of VCR .* apispy fixture tidy"),
        testing.record(copy),
    ):
        pass
    assert copy.read_bytes() == CASSETTE.read_bytes()


def test_misses_are_raised_at_the_end():
    with (
        pytest.raises(
            testing.Missed, match=r"(?s)miss: NetworkList GET /v1.41/networks.*The fixture is .*ps.json"
        ),
        testing.replay(PS),
    ):
        assert ask("/v1.41/networks")[0] == 501


def test_an_exception_of_the_block_gets_a_note():
    with pytest.raises(ZeroDivisionError) as found, testing.replay(PS):
        assert ask("/v1.41/networks")[0] / 0
    assert found.value.__notes__[0].startswith("miss: NetworkList")


def test_a_given_environment_is_changed_instead_of_the_process_environment():
    environ = {"DOCKER_CONTEXT": "other", "DOCKER_HOST": "tcp://nowhere:1"}
    with testing.replay(PS, environ=environ) as api:
        assert environ == {"DOCKER_HOST": api.host}
    assert environ == {"DOCKER_CONTEXT": "other", "DOCKER_HOST": "tcp://nowhere:1"}


def test_a_missing_or_invalid_fixture_is_reported(tmp_path):
    with (
        pytest.raises(ApispyError, match=r"there is no such fixture. Record it: apispy record -o"),
        testing.replay(tmp_path / "no.json"),
    ):
        pass
    (tmp_path / "bad.json").write_text('{"fixture": "apispy", "format": 99}')
    with (
        pytest.raises(ApispyError, match=r"up to format 1, found 99; please upgrade apispy"),
        testing.replay(tmp_path / "bad.json"),
    ):
        pass


def test_a_recording_without_calls_fails(tmp_path):
    with (
        pytest.raises(testing.CannotRecord, match=r"no calls were recorded"),
        testing.record(tmp_path / "a.json", upstream=f"unix://{tmp_path}/nobody"),
    ):
        pass
    assert not list(tmp_path.iterdir())


def test_a_recording_that_cannot_start_reports_why(tmp_path):
    with (
        pytest.raises(testing.CannotRecord, match=r"did not start: apispy: .*nonsense://"),
        testing.record(tmp_path / "a.json", upstream="nonsense://"),
    ):
        pass

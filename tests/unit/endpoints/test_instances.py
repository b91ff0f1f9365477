"""Who runs: found while it lives, gone with it, however it ends."""

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from apispy.endpoints import TLS, Endpoint, listen
from apispy.endpoints.instances import RunningInstance, choose, directories, registered, running
from apispy.errors import ApispyError, UsageError
from apispy.structs import replace

DAEMON = Endpoint("unix", "", 0, "/var/run/docker.sock", "", None)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "run").mkdir()
    return {"XDG_RUNTIME_DIR": f"{tmp_path}/run"}


def test_registered_as_long_as_it_lasts(environ: dict[str, str], tmp_path: Path) -> None:
    assert running(environ, tmp_path) == []
    with registered(listen("2377"), tmp_path / "certs", DAEMON, environ, tmp_path):
        with registered(listen("/a.sock"), None, DAEMON, environ, tmp_path):
            first, second = running(environ, tmp_path)
        assert running(environ, tmp_path) == [first]
    assert running(environ, tmp_path) == []
    assert os.listdir(tmp_path / "run/apispy") == []
    files = (tmp_path / "certs" / name for name in ("ca.pem", "cert.pem", "key.pem"))
    assert first.endpoint == Endpoint("tcp", "127.0.0.1", 2377, "", "", TLS(True, *files))
    assert (first.pid, first.daemon) == (os.getpid(), "unix:///var/run/docker.sock")
    assert second.endpoint == Endpoint("unix", "", 0, "/a.sock", "", None)


def test_a_base_path_is_part_of_what_clients_get(environ: dict[str, str], tmp_path: Path) -> None:
    where = replace(listen("2377"), base="/docker")
    with registered(where, None, DAEMON, environ, tmp_path):
        (found,) = running(environ, tmp_path)
    assert found.listen == where
    assert str(found.endpoint) == "tcp://127.0.0.1:2377/docker"
    assert all(
        found.matches(text) for text in ("2377", "tcp://127.0.0.1:2377", "tcp://127.0.0.1:2377/docker")
    )


def test_for_the_user_alone(environ: dict[str, str], tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with registered(listen("2377"), None, DAEMON, environ, tmp_path):
            [file] = (tmp_path / "run/apispy").iterdir()
            modes = [stat.S_IMODE(path.stat().st_mode) for path in (file, file.parent)]
    finally:
        os.umask(before)
    assert modes == [0o600, 0o700]


KILLED = """
import os, signal, sys
from pathlib import Path
from apispy.endpoints import listen
from apispy.endpoints.instances import registered
where = Path(sys.argv[1])
with registered(listen("2377"), None, listen("/x"), {}, where):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], timeout=30, check=False)
    assert done.returncode == -signal.SIGKILL
    directory = tmp_path / ".local/share/apispy/running"
    [left] = directory.iterdir()
    # Its process id may be another's by now: that must not matter.
    left.write_text(json.dumps(json.loads(left.read_text()) | {"pid": os.getpid()}))
    assert running({}, tmp_path) == []
    assert list(directory.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"pid": "x"}', b"\xff"])
def test_garbage_is_passed_over(content: bytes, environ: dict[str, str], tmp_path: Path) -> None:
    with registered(listen("2377"), None, DAEMON, environ, tmp_path):
        [file] = (tmp_path / "run/apispy").iterdir()
        file.write_bytes(content)  # still locked, as by another version of apispy
        assert running(environ, tmp_path) == []
        assert file.exists()


def test_where_the_files_are(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    data = tmp_path / ".local/share/apispy/running"
    assert directories({"XDG_RUNTIME_DIR": f"{tmp_path}/run"}, tmp_path) == [tmp_path / "run/apispy", data]
    assert directories({"XDG_RUNTIME_DIR": "/no/such"}, tmp_path) == [data]
    assert directories({"XDG_DATA_HOME": "/d"}, tmp_path) == [Path("/d/apispy/running")]


def test_one_that_runs_without_the_runtime_directory_is_found_too(
    environ: dict[str, str], tmp_path: Path
) -> None:
    with registered(listen("2377"), None, DAEMON, {}, tmp_path):  # as under cron or su
        assert len(running(environ, tmp_path)) == 1


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / ".local").write_text("a file")
    with (
        pytest.raises(ApispyError, match=r"\.local"),
        registered(listen("2377"), None, DAEMON, {}, tmp_path),
    ):
        pass


def entry(where: str, pid: int) -> RunningInstance:
    return RunningInstance(pid, float(pid), listen(where), None, "unix:///var/run/docker.sock")


def test_choosing() -> None:
    one, two = entry("2377", 100), entry("/a.sock", 200)
    assert choose([one], None, "apispy env") is one
    for text in ("2377", "tcp://127.0.0.1:2377", "100"):
        assert choose([one, two], text, "apispy env") is one
    for text in ("/a.sock", "unix:///a.sock", "200"):
        assert choose([one, two], text, "apispy env") is two
    assert choose([one, two], "context:x", "apispy env") is None
    with pytest.raises(UsageError, match="No apispy is running"):
        choose([], None, "apispy env")
    with pytest.raises(UsageError) as caught:
        choose([one, two], None, "apispy env")
    assert "\n  apispy env 2377  (pid 100, tcp://127.0.0.1:2377 to unix:///var/run/docker.sock)" in str(
        caught.value
    )
    assert "\n  apispy env /a.sock  (pid 200" in str(caught.value)


def test_of_0_0_0_0_a_client_dials_a_name() -> None:
    host = entry("0.0.0.0:2377", 1).endpoint.host
    assert host
    assert host != "0.0.0.0"

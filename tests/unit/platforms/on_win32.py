"""What is different on Windows: named pipes instead of unix sockets, its locks, its signals, its directories."""

import asyncio
import io
import os
import signal
from pathlib import Path

import pytest

from apispy import system
from apispy.app.listener import private_listener, shell_lines
from apispy.app.proxy import ProxySession
from apispy.app.server import in_background
from apispy.app.view import View
from apispy.certs import default_dir, open_store
from apispy.endpoints import Endpoint, connect, discovery, instances, listen, probe, shells, upstream
from apispy.errors import ApispyError, UsageError
from apispy.sockets import Stream, dial, open_listener
from apispy.testing import replay
from tests.platform_simulation import DESCRIPTORS, MADE, PIPES, PipeHandle, Proactor

FIXTURE = "samples/fixtures/ps.json"


def pipe(name: str) -> Endpoint:
    return Endpoint("npipe", "", 0, f"//./pipe/{name}", "", None)


@pytest.mark.parametrize(
    "text",
    ["npipe:////./pipe/x", "//./pipe/x", r"\\.\pipe\x", "NPIPE:////./pipe/x", r"npipe://\\.\pipe\x"],
)
def test_the_address_of_a_pipe(text: str, tmp_path: Path) -> None:
    found = upstream(text, environ={}, home=tmp_path)
    assert (found, str(found)) == (pipe("x"), "npipe:////./pipe/x")
    where = listen(text)
    assert (str(where), where.loopback) == ("npipe:////./pipe/x", True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("unix:///run/docker.sock", "no unix sockets on Windows; type npipe:////./pipe/docker_engine"),
        ("/run/docker.sock", "no unix sockets on Windows"),
        ("npipe:///x", "expected the path of a named pipe such as //./pipe/docker_engine, found '/x'"),
        ("npipe:/x", "did you mean npipe://x"),
    ],
)
def test_an_address_that_cannot_be_used(text: str, expected: str, tmp_path: Path) -> None:
    for parse in (listen, lambda text: upstream(text, environ={}, home=tmp_path)):
        with pytest.raises(UsageError) as error:
            parse(text)
        assert expected in str(error.value)


def test_the_daemon_that_docker_uses(tmp_path: Path) -> None:
    assert upstream(environ={}, home=tmp_path) == pipe("docker_engine")


def test_the_pipes_of_known_programs(tmp_path: Path) -> None:
    names = ["docker_engine", "dockerDesktopLinuxEngine", "docker_engine_linux", "docker_engine_windows"]
    names += ["podman-machine-default", "podman-dev", "another"]
    for name in names:
        (PIPES / name).touch()
    found = discovery.discover({"DOCKER_HOST": "tcp://h:1"}, tmp_path)
    assert {(one.kind, str(one.endpoint)) for one in found[1:]} == {
        ("Docker", "npipe:////./pipe/docker_engine"),
        ("Docker Desktop", "npipe:////./pipe/dockerDesktopLinuxEngine"),
        ("Docker Desktop", "npipe:////./pipe/docker_engine_linux"),
        ("Docker Desktop, Windows containers", "npipe:////./pipe/docker_engine_windows"),
        ("Podman machine", "npipe:////./pipe/podman-machine-default"),
        ("Podman machine", "npipe:////./pipe/podman-dev"),
    }
    for name in names:
        (PIPES / name).unlink()


def test_a_pipe_that_is_not_there(tmp_path: Path) -> None:
    expected = r"Daemon at npipe:////./pipe/gone: no such named pipe\. Check that .* \(e\.g\. start Docker Desktop\)\."
    with pytest.raises(ApispyError, match=expected):
        probe(pipe("gone"))
    with pytest.raises(ApispyError, match=expected):
        asyncio.run(dial(pipe("gone")))


def test_a_client_on_a_pipe_reaches_a_daemon_on_a_pipe() -> None:
    out = io.StringIO()

    async def main() -> str:
        with private_listener(tcp=False) as where:
            session = ProxySession(where, daemon, None, View(), out)
            async with in_background(session) as environ:
                assert environ["DOCKER_HOST"] == str(where) == f"npipe://{where.path}"
                found = await asyncio.to_thread(probe, pipe(where.path.rpartition("/")[2]))
            session.close()
            return found.api_version

    with replay(FIXTURE) as api:
        daemon = upstream(environ={"DOCKER_HOST": api.host}, home=Path("/nonexistent"))
        assert asyncio.run(main()) == "1.41"
    assert "SystemVersion" in out.getvalue()
    assert not os.listdir(PIPES)


def test_each_direction_of_a_pipe_ends_by_itself() -> None:
    async def main() -> None:
        served: asyncio.Queue[Stream] = asyncio.Queue()
        listener = await open_listener(listen("npipe:////./pipe/echo"), served.put_nowait)
        client = await dial(pipe("echo"))
        server = await served.get()
        data = b"x" * 4_000_000
        client.write(data)
        client.write_eof()
        received = b""
        while piece := await server.read():
            received += piece
        assert received == data
        server.write(b"all of it")
        server.write_eof()
        assert (await client.read(), await client.read()) == (b"all of it", b"")
        client.close()
        server.reset()
        await client.wait_closed()
        await server.wait_closed()
        with pytest.raises(ApispyError, match=r"cannot listen on npipe:////\./pipe/echo: Permission denied"):
            await open_listener(listen("npipe:////./pipe/echo"), served.put_nowait)
        listener.close()

    asyncio.run(main())


def test_only_its_user_administrators_and_the_system_can_open_a_pipe() -> None:
    async def main() -> None:
        served: asyncio.Queue[Stream] = asyncio.Queue()
        listener = await open_listener(listen("npipe:////./pipe/private"), served.put_nowait)
        for _ in range(2):
            client = await dial(pipe("private"))
            (await served.get()).close()
            client.close()
        listener.close()

    asyncio.run(main())
    made = [one for one in MADE if one.name == "private"]
    assert [one.first for one in made] == [True, False, False, False]
    assert {one.access for one in made} == {"D:P(A;;GA;;;OW)(A;;GA;;;SY)(A;;GA;;;BA)"}
    assert not any(one.remote for one in made)
    assert not DESCRIPTORS, "what Windows allocated was not freed"
    assert not os.listdir(PIPES)


def test_a_client_that_leaves_before_it_is_accepted_does_not_end_the_listener(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    accept, left = Proactor.accept_pipe, [BrokenPipeError(32, "The pipe is being closed")]

    def accept_pipe(self: Proactor, handle: PipeHandle) -> "asyncio.Task[None]":
        if left:
            raise left.pop()
        return accept(self, handle)

    monkeypatch.setattr(Proactor, "accept_pipe", accept_pipe)

    async def main() -> None:
        served: asyncio.Queue[Stream] = asyncio.Queue()
        listener = await open_listener(listen("npipe:////./pipe/left"), served.put_nowait)
        client = await dial(pipe("left"))
        (await served.get()).close()
        client.close()
        listener.close()

    asyncio.run(main())
    assert not left
    assert not os.listdir(PIPES)


def test_ssh_has_pipes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "ssh"
    program.write_text("#!/bin/sh\necho started >&2\nexec cat\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with connect(Endpoint("ssh", "h", 0, "", "", None), 10) as sock:
        for _ in range(2):
            sock.sendall(b"ping")
            assert sock.recv(100) == b"ping"
        sock.shutdown(1)
        assert sock.recv(100) == b""


def test_a_running_instance_is_found_until_it_ends(tmp_path: Path) -> None:
    environ = {"LOCALAPPDATA": f"{tmp_path}/Local"}
    where = listen("npipe:////./pipe/apispy")
    with instances.registered(where, None, pipe("docker_engine"), environ, tmp_path):
        (found,) = instances.running(environ, tmp_path)
        assert (found.pid, found.listen, found.daemon) == (
            os.getpid(),
            where,
            "npipe:////./pipe/docker_engine",
        )
    directory = tmp_path / "Local/apispy/running"
    assert instances.running(environ, tmp_path) == list(directory.iterdir()) == []
    (directory / "killed.json").write_text("{}")
    assert instances.running(environ, tmp_path) == list(directory.iterdir()) == []


def test_certificates_are_in_the_local_data_and_have_no_modes(tmp_path: Path) -> None:
    directory = default_dir({"LOCALAPPDATA": f"{tmp_path}/Local"}, tmp_path)
    assert directory == tmp_path / "Local/apispy/certs"
    assert open_store(directory).server_for([]).ca.is_file()
    (directory / "ca-key.pem").chmod(0o666)  # as Python shows every file there
    assert open_store(directory).server_for([]).ca.is_file()


def test_a_signal_reaches_the_event_loop() -> None:
    async def main() -> None:
        arrived = asyncio.Event()
        for number in system.signals("SIGINT", "SIGHUP", "SIGBREAK"):
            system.on_signal(number, arrived.set)
            os.kill(os.getpid(), number)
            await arrived.wait()
            arrived.clear()

    before = signal.getsignal(signal.SIGINT)
    asyncio.run(main())
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
    signal.signal(signal.SIGINT, before)


def test_the_shell() -> None:
    assert shells.detect({}, []) == "powershell"
    assert shells.detect({"SHELL": "/usr/bin/bash.exe"}, []) == "bash"
    assert shell_lines(listen("npipe:////./pipe/apispy"), None)[-1] == (
        "$Env:DOCKER_HOST = 'npipe:////./pipe/apispy'"
    )

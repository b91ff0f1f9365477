"""What is different on macOS: its directories, its sockets of daemons, shorter paths, and no epoll."""

import asyncio
import tempfile
from pathlib import Path

import pytest

from apispy.certs import default_dir
from apispy.endpoints import Endpoint, discovery, instances, listen
from apispy.errors import ApispyError
from apispy.sockets import HangupWatch, Stream, dial, open_listener
from apispy.sockets.listener import local_peer


def test_data_is_in_application_support(tmp_path: Path) -> None:
    data = tmp_path / "Library/Application Support/apispy"
    assert default_dir({}, tmp_path) == data / "certs"
    assert instances.directories({}, tmp_path) == [data / "running"]


def test_the_sockets_of_known_programs(tmp_path: Path) -> None:
    home, temporary = tmp_path / "me", tmp_path / "T"
    paths = {
        home / ".docker/run/docker.sock": "Docker Desktop",
        home / ".colima/default/docker.sock": "Colima",
        home / "c/work/docker.sock": "Colima",
        home / ".lima/vm/sock/docker.sock": "Lima",
        home / ".rd/docker.sock": "Rancher Desktop",
        home / ".orbstack/run/docker.sock": "OrbStack",
        home / ".local/share/containers/podman/machine/podman.sock": "Podman machine",
        temporary / "podman/podman-machine-default-api.sock": "Podman machine",
    }
    for path in paths:
        path.parent.mkdir(parents=True)
        path.touch()
    found = discovery.discover(
        {"TMPDIR": f"{temporary}/", "COLIMA_HOME": f"{home}/c", "DOCKER_HOST": "tcp://h:1"}, home
    )
    assert {
        (one.endpoint.path, one.kind) for one in found if one.endpoint and one.endpoint.kind == "unix"
    } >= {(str(path), kind) for path, kind in paths.items()}


def test_a_path_that_is_too_long(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 100)
    with pytest.raises(ApispyError, match="the path of a unix socket has at most 103 bytes"):
        asyncio.run(open_listener(listen(f"unix://{path}"), lambda _: None))


def test_a_connection_over_a_unix_socket() -> None:
    async def main(place: str) -> None:
        served: asyncio.Queue[Stream] = asyncio.Queue()
        listener = await open_listener(listen(f"unix://{place}/s"), served.put_nowait)
        client = await dial(Endpoint("unix", "", 0, f"{place}/s", "", None))
        server = await served.get()
        assert (local_peer(server), server.unread()) == (("unix", 0), None)
        watch = HangupWatch()
        watch.watch(server.fd, lambda _: None)()
        watch.close()
        client.write_eof()
        assert await server.read() == b""
        server.close()
        assert await client.read() == b""
        client.close()
        listener.close()

    with tempfile.TemporaryDirectory(dir="/tmp") as place:  # pytest's own may have a path that is too long
        asyncio.run(main(place))

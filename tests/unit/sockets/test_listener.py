"""Who may connect to a unix socket: its owner, and with a group its members."""

import asyncio
import grp
import os
from pathlib import Path

import pytest

from apispy import endpoints
from apispy.app.listener import describe_listener
from apispy.errors import ApispyError, UsageError
from apispy.sockets import open_listener


def mode_and_group(path: Path, group: str) -> tuple[int, int]:
    """Listen at *path* for *group*; return the permissions of the socket, and its group."""

    async def listen() -> tuple[int, int]:
        listener = await open_listener(endpoints.listen(f"unix://{path}", group), lambda stream: None)
        found = path.stat()
        listener.close()
        return found.st_mode & 0o777, found.st_gid

    return asyncio.run(listen())


def test_without_a_group_only_the_owner_may_connect(tmp_path: Path) -> None:
    assert mode_and_group(tmp_path / "s", "") == (0o600, os.getegid())


@pytest.mark.parametrize("by_name", [True, False], ids=["name", "number"])
def test_the_members_of_a_group_may_connect(tmp_path: Path, by_name: bool) -> None:
    number = max({os.getegid(), *os.getgroups()})
    group = grp.getgrgid(number).gr_name if by_name else str(number)
    before = os.umask(0o077)
    try:
        assert mode_and_group(tmp_path / "s", group) == (0o660, number)
    finally:
        os.umask(before)


def test_a_group_that_does_not_exist_is_named_and_nothing_listens(tmp_path: Path) -> None:
    with pytest.raises(
        ApispyError, match=r"cannot listen on .*/s for the group zq: this machine has no such group"
    ):
        mode_and_group(tmp_path / "s", "zq")
    assert not (tmp_path / "s").exists()


def test_a_group_of_others_is_refused_and_nothing_listens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def chown(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chown", chown)  # root may give a file to any group
    with pytest.raises(
        ApispyError, match=r"for the group 0: Operation not permitted; only root and its members can"
    ):
        mode_and_group(tmp_path / "s", "0")
    assert not (tmp_path / "s").exists()


def test_the_start_says_who_may_connect() -> None:
    of_group = endpoints.listen("unix:///x", "docker")
    assert describe_listener(endpoints.listen("unix:///x"), None) == "this user only"
    assert describe_listener(of_group, None) == (
        "this user, and the members of the group docker: they are root on the Docker host"
    )


def test_a_port_has_no_group() -> None:
    with pytest.raises(
        UsageError, match=r"--listen-group docker: 2377 has no group; .*Type --listen unix:///PATH"
    ):
        endpoints.listen("2377", "docker")

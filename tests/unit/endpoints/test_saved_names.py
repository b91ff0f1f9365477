"""Saved names."""

import os
import stat
from pathlib import Path

import pytest

from apispy.endpoints import TLS, Endpoint, remark_on_name, upstream
from apispy.endpoints.saved_names import SavedNames
from apispy.errors import ApispyError, UsageError
from tests.unit.endpoints.places import docker_context


@pytest.fixture
def aliases(tmp_path: Path) -> SavedNames:
    return SavedNames.of({}, tmp_path)


SAVED = [
    Endpoint("tcp", "h", 2375, "", "", None),
    Endpoint("tcp", "::1", 1, "", "", TLS(True, Path("/c/ca.pem"), Path("/c/cert.pem"), Path("/c/key.pem"))),
    Endpoint("tcp", "h", 1, "", "", TLS(False, None, None, None)),
    Endpoint("unix", "", 0, "/run/d.sock", "", None),
    Endpoint("tcp", "h", 1, "/docker", "", None),
    Endpoint("ssh", "h", 22, "/run/d.sock", "me", None),
]


@pytest.mark.parametrize("endpoint", SAVED, ids=str)
def test_a_name_means_what_it_was_saved_for(endpoint: Endpoint, aliases: SavedNames, tmp_path: Path) -> None:
    aliases.add("build7", endpoint)
    environ = {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/other"}
    assert upstream("build7", environ=environ, home=tmp_path) == endpoint
    aliases.remove("build7")
    assert aliases.names() == []


def test_the_name_wins_over_a_host_called_the_same(aliases: SavedNames, tmp_path: Path) -> None:
    aliases.add("build7", SAVED[3])
    assert upstream("build7", environ={}, home=tmp_path) == SAVED[3]
    assert upstream("tcp://build7", environ={}, home=tmp_path).host == "build7"
    assert upstream("build8", environ={}, home=tmp_path).host == "build8"
    assert upstream(environ={"DOCKER_HOST": "build7"}, home=tmp_path).host == "build7"  # as for docker
    with pytest.raises(UsageError, match="TLS flags cannot be used with build7"):
        upstream("build7", tls=True, environ={}, home=tmp_path)


def test_the_file_is_the_users_alone_whatever_the_umask(tmp_path: Path) -> None:
    aliases = SavedNames.of({"XDG_CONFIG_HOME": f"{tmp_path}/conf"}, tmp_path / "home")
    before = os.umask(0)
    try:
        aliases.add("a", SAVED[0])
    finally:
        os.umask(before)
    assert aliases.file == tmp_path / "conf/apispy/endpoints.json"
    assert stat.S_IMODE(aliases.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(aliases.file.parent.stat().st_mode) == 0o700
    assert os.listdir(aliases.file.parent) == ["endpoints.json"]  # nothing half-written is left
    assert (
        SavedNames.of({"XDG_CONFIG_HOME": "relative"}, tmp_path).file
        == tmp_path / ".config/apispy/endpoints.json"
    )


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("biuld7", "no endpoint is saved as 'biuld7', so it is a host: biuld7, port 2375, in plaintext; "
                   "did you mean build7?"),
        ("prodd", "no endpoint is saved as 'prodd', so it is a host: prodd, port 2375, in plaintext; "
                  "did you mean context:prod?"),
        ("nothing.like.it", "no endpoint is saved as 'nothing.like.it', so it is a host: nothing.like.it, port 2375, "
                            "in plaintext"),
        ("build7", ""),
        ("biuld7:2375", ""),
        ("tcp://biuld7", ""),
        ("/run/d.sock", ""),
    ],
)  # fmt: skip
def test_a_host_that_may_be_a_mistyped_name(
    text: str, remark: str, aliases: SavedNames, tmp_path: Path
) -> None:
    aliases.add("build7", SAVED[0])
    docker_context(tmp_path / ".docker", "prod", "tcp://h:1")
    assert remark_on_name(text, upstream(text, environ={}, home=tmp_path), {}, tmp_path) == remark


@pytest.mark.parametrize("name", ["", "7", "-x", "a b", "a:1", "a/b", "default", "x" * 64, "é"])
def test_names_that_are_none(name: str, aliases: SavedNames) -> None:
    with pytest.raises(UsageError, match="expected a letter"):
        aliases.add(name, SAVED[0])
    assert not aliases.file.exists()


def test_a_name_that_is_taken(aliases: SavedNames) -> None:
    aliases.add("a", SAVED[0])
    with pytest.raises(UsageError, match="--force"):
        aliases.add("a", SAVED[3])
    aliases.add("a", SAVED[3], force=True)
    assert aliases.endpoint("a") == SAVED[3]


def test_removing_what_is_not_there_says_what_is(aliases: SavedNames) -> None:
    aliases.add("b", SAVED[0])
    aliases.add("a", SAVED[0])
    with pytest.raises(UsageError, match=r"no endpoint 'x' in .*endpoints\.json\. There are: a, b\."):
        aliases.remove("x")


def test_a_file_of_others_is_left_alone(aliases: SavedNames, tmp_path: Path) -> None:
    aliases.add("a", SAVED[0])
    for content in ('{"format": 2, "endpoints": {}}', '{"format": 1}', "[]"):
        aliases.file.write_text(content)
        for use in (aliases.names, lambda: aliases.add("b", SAVED[0]), lambda: aliases.remove("a")):
            with pytest.raises(ApispyError, match=r"endpoints\.json: expected"):
                use()
        assert aliases.file.read_text() == content
        assert upstream("tcp://h:1", environ={}, home=tmp_path).port == 1  # addresses do not need it


@pytest.mark.parametrize(
    "entry",
    [
        "7",
        '"x"',
        "{}",
        '{"address": 5, "tls": null}',
        '{"address": "h:x", "tls": null}',
        '{"address": "h:1", "tls": {}}',
        '{"address": "h:1", "tls": {"verify": 1, "ca": 5, "cert": 5, "key": 5}}',
    ],
)
def test_an_entry_that_apispy_did_not_write(entry: str, aliases: SavedNames) -> None:
    aliases.add("a", SAVED[0])
    aliases.file.write_text(f'{{"format": 1, "endpoints": {{"a": {entry}}}}}')
    with pytest.raises(ApispyError, match="apispy endpoints remove a"):
        aliases.endpoint("a")


def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "conf").write_text("a file")
    with pytest.raises(ApispyError, match=r"endpoints\.json|apispy"):
        SavedNames.of({"XDG_CONFIG_HOME": f"{tmp_path}/conf"}, tmp_path).add("a", SAVED[0])

"""Docker Machine's directory."""

from pathlib import Path

import pytest

from apispy.endpoints import TLS, Endpoint, upstream
from apispy.errors import ApispyError, UsageError

from .places import docker_machine


def tls_of(folder: Path) -> TLS:
    return TLS(True, folder / "ca.pem", folder / "cert.pem", folder / "key.pem")


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    return tmp_path / ".docker/machine"


@pytest.mark.parametrize(
    ("driver", "host", "port"),
    [
        ({"IPAddress": "192.168.99.100", "MachineName": "dev"}, "192.168.99.100", 2376),
        ({"IPAddress": "", "URL": "tcp://10.0.0.5:2377"}, "10.0.0.5", 2377),
        ({"URL": "tcp://10.0.0.5"}, "10.0.0.5", 2376),
    ],
)
def test_where_a_machine_is(
    driver: dict[str, object], host: str, port: int, storage: Path, tmp_path: Path
) -> None:
    directory = docker_machine(storage, "dev", driver)
    expected = Endpoint("tcp", host, port, "", "", tls_of(directory))
    assert upstream("machine:dev", environ={}, home=tmp_path) == expected
    elsewhere = {"MACHINE_STORAGE_PATH": str(storage), "DOCKER_HOST": "tcp://other:1"}
    assert upstream("machine:dev", environ=elsewhere, home=tmp_path / "nobody") == expected


def test_certificates_where_the_options_say(storage: Path, tmp_path: Path) -> None:
    docker_machine(storage, "dev", {"URL": "tcp://h:1"}, own_certs=False)
    assert upstream("machine:dev", environ={}, home=tmp_path).tls == tls_of(storage / "certs")
    (storage / "certs/key.pem").unlink()
    with pytest.raises(UsageError, match=r"Machine 'dev' has no .*/machines/dev/key\.pem"):
        upstream("machine:dev", environ={}, home=tmp_path)


def test_a_socket_as_url(storage: Path, tmp_path: Path) -> None:
    docker_machine(storage, "dev", {"URL": "unix:///run/d.sock"})
    assert upstream("machine:dev", environ={}, home=tmp_path).path == "/run/d.sock"


@pytest.mark.parametrize("name", ["gone", "", "..", "../../x", "a\0b"])
def test_machines_that_are_not_there(name: str, storage: Path, tmp_path: Path) -> None:
    docker_machine(storage, "dev", {"URL": "tcp://h:1"})
    with pytest.raises(UsageError, match=r"There is no machine .*There are: dev\."):
        upstream(f"machine:{name}", environ={}, home=tmp_path)


@pytest.mark.parametrize(
    "config", ["{}", '{"Driver": []}', '{"Driver": {"IPAddress": ""}}', '{"Driver": {"URL": 1}}']
)
def test_a_machine_without_an_address(config: str, storage: Path, tmp_path: Path) -> None:
    (docker_machine(storage, "dev", {}) / "config.json").write_text(config)
    with pytest.raises(ApispyError, match=r"config\.json: expected Driver\.URL or Driver\.IPAddress"):
        upstream("machine:dev", environ={}, home=tmp_path)


def test_other_errors_name_the_machine(storage: Path, tmp_path: Path) -> None:
    docker_machine(storage, "dev", {"URL": "tcp://h:x"})
    with pytest.raises(UsageError, match="In machine 'dev': Address 'tcp://h:x'"):
        upstream("machine:dev", environ={}, home=tmp_path)
    (storage / "machines/dev/config.json").write_text("no JSON")
    with pytest.raises(ApispyError, match=r"config\.json: expected a JSON object"):
        upstream("machine:dev", environ={}, home=tmp_path)

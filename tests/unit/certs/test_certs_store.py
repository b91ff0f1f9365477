"""The directory: modes, first use, two at once, renewal, and files that are not what they should be."""

import multiprocessing
import os
import stat
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from apispy.certs import default_dir, files, open_store
from apispy.errors import ApispyError

KEYS = {"ca-key.pem", "key.pem", "server-key.pem"}
CERTS = {"ca.pem", "cert.pem", "server.pem"}


def load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def in_days(days: float) -> Callable[[], datetime]:
    return lambda: datetime.now(UTC) + timedelta(days=days)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "apispy" / "certs"


@pytest.mark.usefixtures("umask")
def test_modes_whatever_the_umask(folder: Path) -> None:
    open_store(folder).server_for()
    assert {p.name for p in folder.iterdir()} == KEYS | CERTS | {".lock"}
    assert {mode(d) for d in (folder, folder.parent, folder.parent.parent)} == {0o700}
    assert {mode(folder / name) for name in KEYS | {".lock"}} == {0o600}
    assert {mode(folder / name) for name in CERTS} == {0o644}


@pytest.mark.usefixtures("umask")
def test_a_key_is_secret_from_its_first_instant(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    born: list[int] = []
    real = os.open

    def spying(path: Path, flags: int, *args: int) -> int:
        fd = real(path, flags, *args)
        if flags & os.O_EXCL:
            born.append(stat.S_IMODE(os.fstat(fd).st_mode))
        return fd

    monkeypatch.setattr(files.os, "open", spying)
    open_store(folder)
    assert len(born) == 4
    assert set(born) == {0o600}


def test_opening_again_changes_nothing(folder: Path) -> None:
    open_store(folder).server_for(["10.0.0.5"])
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    open_store(folder).server_for(["10.0.0.5"])
    open_store(folder).server_for()
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_a_failed_write_leaves_nothing_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(ApispyError, match=r"No space left.*--certs-dir"):
        open_store(folder)
    assert [p.name for p in folder.iterdir()] == [".lock"]
    monkeypatch.undo()
    open_store(folder)


def test_what_a_killed_process_left_is_cleared(folder: Path) -> None:
    store = open_store(folder)
    (folder / ".key.pem.tmp").write_bytes(b"half")
    store.ca.unlink()  # killed between the CA's key and its certificate
    before = load(store.cert)
    open_store(folder)
    assert not (folder / ".key.pem.tmp").exists()
    assert load(store.cert) == before  # the CA came back as it was, so what it had issued still holds
    before.verify_directly_issued_by(load(store.ca))


def _start(folder: Path, host: str, barrier: "multiprocessing.synchronize.Barrier") -> None:
    barrier.wait()
    open_store(folder).server_for([host])


def test_processes_that_start_at_the_same_moment(folder: Path) -> None:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(4)
    hosts = [f"10.0.0.{n}" for n in range(4)]
    processes = [context.Process(target=_start, args=(folder, host, barrier)) for host in hosts]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 4
    assert_one_set(folder)
    sans = load(folder / "server.pem").extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(hosts) <= {str(a) for a in sans.get_values_for_type(x509.IPAddress)}


def assert_one_set(folder: Path) -> None:
    """Every key belongs to its certificate, and every certificate to the CA."""
    ca = load(folder / "ca.pem")
    for cert, key in (("ca.pem", "ca-key.pem"), ("cert.pem", "key.pem"), ("server.pem", "server-key.pem")):
        found = load(folder / cert)
        private = load_pem_private_key((folder / key).read_bytes(), None)
        assert private.public_key() == found.public_key()
        found.verify_directly_issued_by(ca)


def test_the_lock_makes_the_second_wait(folder: Path) -> None:
    open_store(folder)
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    with files.locked(folder):
        process = context.Process(target=_start, args=(folder, "10.0.0.9", barrier))
        process.start()
        barrier.wait()
        process.join(0.2)
        assert process.is_alive()
        assert not (folder / "server.pem").exists()
    process.join(60)
    assert process.exitcode == 0


@pytest.mark.parametrize(("days", "renewed"), [(0, False), (800, False), (817, True), (900, True)])
def test_renewal(days: int, renewed: bool, folder: Path) -> None:
    open_store(folder).server_for(["10.0.0.5"])
    before = {name: (folder / name).read_bytes() for name in KEYS | CERTS}
    open_store(folder, clock=in_days(days)).server_for()
    changed = {name for name in before if (folder / name).read_bytes() != before[name]}
    assert changed == ({"cert.pem", "server.pem"} if renewed else set())
    sans = load(folder / "server.pem").extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "10.0.0.5" in {str(a) for a in sans.get_values_for_type(x509.IPAddress)}  # kept
    assert_one_set(folder)


def test_what_a_wrong_clock_issued_is_replaced(folder: Path) -> None:
    store = open_store(folder)
    store.cert.unlink()
    open_store(folder, clock=in_days(30)).server_for()  # "not yet valid" for the rest of the month
    before = {name: (folder / name).read_bytes() for name in KEYS | CERTS}
    open_store(folder).server_for()
    changed = {name for name in before if (folder / name).read_bytes() != before[name]}
    assert changed == {"cert.pem", "server.pem"}


def test_missing_names_are_added(folder: Path) -> None:
    store = open_store(folder)
    first = load(store.server_for(["a.example"]).cert)
    second = load(store.server_for(["b.example"]).cert)
    assert first != second
    names = second.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"a.example", "b.example"} <= set(names.get_values_for_type(x509.DNSName))


def test_another_ca_means_other_leaves(folder: Path, tmp_path: Path) -> None:
    store, other = open_store(folder), open_store(tmp_path / "other")
    store.server_for(["a.example"])
    for name in ("ca.pem", "ca-key.pem"):
        (folder / name).write_bytes((other.directory / name).read_bytes())
    open_store(folder).server_for()
    assert_one_set(folder)
    names = load(folder / "server.pem").extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "a.example" not in names.get_values_for_type(x509.DNSName)


@pytest.mark.parametrize("name", ["cert.pem", "key.pem", "server.pem", "server-key.pem"])
def test_a_lost_leaf_comes_back(name: str, folder: Path) -> None:
    open_store(folder).server_for()
    (folder / name).unlink()
    open_store(folder).server_for()
    assert_one_set(folder)


@pytest.mark.parametrize("name", sorted(KEYS | CERTS))
@pytest.mark.parametrize(
    "data", [b"", b"garbage", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_damaged_files_are_named_and_left_alone(name: str, data: bytes, folder: Path) -> None:
    open_store(folder).server_for()
    (folder / name).write_bytes(data)
    with pytest.raises(ApispyError) as caught:
        open_store(folder).server_for()
    text = str(caught.value)
    assert text.startswith(f"{folder / name}: expected ")
    assert f"found {len(data)} bytes" in text
    assert ("move" in text) if name.startswith("ca") else (f"rm {folder / name}" in text)
    assert (folder / name).read_bytes() == data


def test_a_key_of_another_ca(folder: Path, tmp_path: Path) -> None:
    open_store(folder)
    other = open_store(tmp_path / "other").directory / "ca-key.pem"
    (folder / "ca-key.pem").write_bytes(other.read_bytes())
    with pytest.raises(ApispyError, match=r"ca.pem: expected the certificate of the key in .*ca-key.pem"):
        open_store(folder)


def test_a_ca_that_is_none(folder: Path) -> None:
    store = open_store(folder)
    for leaf, ca in (("cert.pem", "ca.pem"), ("key.pem", "ca-key.pem")):
        (folder / ca).write_bytes((folder / leaf).read_bytes())
    with pytest.raises(ApispyError, match="may not sign others"):
        open_store(store.directory)


@pytest.mark.parametrize("days", [-30, 3700])
def test_a_ca_out_of_its_time(days: int, folder: Path) -> None:
    open_store(folder)
    with pytest.raises(ApispyError, match=r"ca.pem: expected a CA that is valid now \(\d{4}-.*found one for"):
        open_store(folder, clock=in_days(days))


@pytest.mark.parametrize("present", ["ca.pem", "cert.pem", "key.pem"])
def test_certificates_of_others_are_not_written_over(present: str, folder: Path) -> None:
    folder.mkdir(parents=True, mode=0o700)
    (folder / present).write_text("mine")
    with pytest.raises(ApispyError, match=rf"ca-key.pem: expected .* beside {present}"):
        open_store(folder)
    assert {p.name for p in folder.iterdir()} == {present, ".lock"}


@pytest.mark.parametrize(
    ("name", "wide"),
    [("ca-key.pem", 0o640), ("key.pem", 0o604), ("server-key.pem", 0o644), ("ca.pem", 0o664)],
)
def test_too_wide(name: str, wide: int, folder: Path) -> None:
    open_store(folder).server_for()
    (folder / name).chmod(wide)
    with pytest.raises(
        ApispyError, match=rf"{name}: expected mode 06.. or narrower, found {wide:04o}.*chmod 6"
    ):
        open_store(folder).server_for()


def test_a_directory_that_others_may_write_to(folder: Path) -> None:
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    with pytest.raises(ApispyError, match=f"{folder}: expected mode 0700 or narrower, found 0777"):
        open_store(folder)
    folder.chmod(0o755)
    open_store(folder)


def test_another_owner(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_store(folder)
    me = os.geteuid()
    monkeypatch.setattr(files.os, "geteuid", lambda: me + 1)
    with pytest.raises(ApispyError, match=rf"{folder}: expected uid {me + 1} .* found uid {me}"):
        open_store(folder)


def test_things_that_are_not_files(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ApispyError, match="expected a directory"):
        open_store(tmp_path / "file")
    with pytest.raises(ApispyError, match=r"Not a directory|expected a directory"):
        open_store(tmp_path / "file" / "certs")
    store = open_store(folder)
    store.key.unlink()
    os.mkfifo(store.key, 0o600)
    started = time.monotonic()
    with pytest.raises(ApispyError, match=r"key.pem: expected a regular file"):
        open_store(folder)
    assert time.monotonic() - started < 5  # a FIFO that nobody writes to would block an ordinary open


def test_an_encrypted_key_is_refused(folder: Path) -> None:
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

    store = open_store(folder)
    key = load_pem_private_key(store.key.read_bytes(), None)
    store.key.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    )
    with pytest.raises(ApispyError, match=r"key.pem: expected an unencrypted private key"):
        open_store(folder)


@pytest.mark.parametrize(
    ("environ", "platform", "expected"),
    [
        ({}, "linux", "/home/me/.local/share/apispy/certs"),
        ({"XDG_DATA_HOME": "/data"}, "linux", "/data/apispy/certs"),
        ({"XDG_DATA_HOME": "relative"}, "linux", "/home/me/.local/share/apispy/certs"),
        ({}, "darwin", "/home/me/Library/Application Support/apispy/certs"),
        ({"XDG_DATA_HOME": "/data"}, "darwin", "/data/apispy/certs"),
    ],
)
def test_default_dir(environ: dict[str, str], platform: str, expected: str) -> None:
    assert default_dir(environ, Path("/home/me"), platform) == Path(expected)

"""What `apispy certs` makes: which files, with which modes, all or none, and good for real handshakes."""

import os
import socket
import ssl
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from apispy.certs import DAYS, Order, atomic_write, make, report_on_directory
from apispy.certs.layout import LAYOUTS
from apispy.errors import ApispyError, UsageError
from tests.certificates import issue_cert, make_ca

FLAT = {"ca.pem", "ca-key.pem", "cert.pem", "key.pem"}
NAMES = {
    "article": FLAT | {"server.pem", "server-key.pem"},
    "docker": FLAT | {"server-cert.pem", "server-key.pem"},
    "machine": {f"certs/{name}" for name in FLAT}
    | {f"machines/orion/{name}.pem" for name in ("ca", "cert", "key", "server", "server-key")},
}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "out"


def load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def names_in(directory: Path) -> set[str]:
    """Every file, hidden ones too."""
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if not path.is_dir()}


def contents(directory: Path) -> dict[str, bytes]:
    return {name: (directory / name).read_bytes() for name in names_in(directory)}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def cn(cert: x509.Certificate) -> object:
    return cert.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_files_of_each_layout_and_their_modes_whatever_the_umask(layout: Any, out: Path) -> None:
    made = make(Order(out, ["orion", "192.168.0.29"], ["alice"], layout=layout))
    alice = {f"alice/{name}.pem" for name in ("ca", "cert", "key")}
    assert names_in(out) == NAMES[layout] | alice == {str(part.path.relative_to(out)) for part in made.parts}
    for name in names_in(out):
        assert mode(out / name) == (0o600 if "key" in name else 0o644), name
    assert {mode(path) for path in (out, out.parent, *out.rglob("*")) if path.is_dir()} == {0o700}
    account = report_on_directory(out)
    assert account.good, "\n".join(account.lines())


def shake(server: Path, key: Path, ca: Path, client: Path, name: str) -> str:
    """A mutual handshake as strict as Python 3.13's; the server's error or "ok"."""
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=ca)
    theirs.load_cert_chain(server, key)
    ours = ssl.create_default_context(cafile=client / "ca.pem")
    ours.load_cert_chain(client / "cert.pem", client / "key.pem")
    ours.hostname_checks_common_name = False
    for context in (theirs, ours):
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        context.verify_mode = ssl.CERT_REQUIRED
    a, b = socket.socketpair()
    said: list[str] = []

    def serve() -> None:
        try:
            with b, theirs.wrap_socket(b, server_side=True) as secured:
                secured.sendall(secured.recv(2))
        except OSError as error:
            said.append(str(error))

    thread = threading.Thread(target=serve)
    thread.start()
    with a, ours.wrap_socket(a, server_hostname=name) as secured:
        secured.sendall(b"ok")
        answer = secured.recv(2).decode()
    thread.join()
    return said[0] if said else answer


@pytest.mark.parametrize("algorithm", ["ecdsa", "rsa"])
def test_handshakes_by_every_name_with_every_client(algorithm: Any, out: Path) -> None:
    hosts = ["orion", "Bücher.example", "192.168.0.29", "[fd00::7]"]
    made = make(Order(out, hosts, ["alice"], algorithm=algorithm))
    assert made.hosts == ("orion", "xn--bcher-kva.example", "192.168.0.29", "fd00::7")
    for client in (out, out / "alice"):
        for name in (*made.hosts, "localhost", "127.0.0.1", "::1"):
            files = made.path("server"), made.path("server-key"), made.path("ca")
            assert shake(*files, client, name) == "ok"
    kind = ec.EllipticCurvePublicKey if algorithm == "ecdsa" else rsa.RSAPublicKey
    keys = [
        load(path).public_key() for path in (made.path("ca"), made.path("server"), out / "alice/cert.pem")
    ]
    assert all(isinstance(key, kind) for key in keys)
    if algorithm == "rsa":
        assert {key.key_size for key in keys} == {3072}  # type: ignore[union-attr]


def test_whose_certificate_it_is_stands_in_its_common_name(out: Path) -> None:
    make(Order(out, ["orion"], ["alice"]))
    found = [cn(load(out / name)) for name in ("server.pem", "cert.pem", "alice/cert.pem")]
    assert found == ["orion", "client", "alice"]
    long = f"{'a' * 60}.example"
    make(Order(out / "2", [long]))
    assert cn(load(out / "2/server.pem")) == "docker daemon"
    assert long in str(load(out / "2/server.pem").extensions)


@pytest.mark.parametrize("days", [1, DAYS, 5000])
def test_days_count_from_now_and_the_ca_lives_as_long(days: int, out: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    make(Order(out, ["orion"], days=days, now=now))
    ends = {name: load(out / name).not_valid_after_utc for name in ("server.pem", "cert.pem", "ca.pem")}
    assert ends["server.pem"] == ends["cert.pem"] == now + timedelta(days=days)
    assert ends["ca.pem"] >= max(ends["server.pem"], now + timedelta(days=3647))
    leaf = load(out / "server.pem")
    if days == DAYS:
        assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=825)


# -- a CA that is there already --


@pytest.mark.parametrize("layout", LAYOUTS)
def test_signing_with_a_ca_that_is_there(layout: Any, out: Path, tmp_path: Path) -> None:
    first = make(Order(tmp_path / "first", ["orion"], layout=layout))
    second = make(Order(out, ["vega"], ca=tmp_path / "first"))
    assert names_in(out) == NAMES["article"] - {"ca-key.pem"}, "the key of the CA stays where it is"
    assert (out / "ca.pem").read_bytes() == first.path("ca").read_bytes()
    load(second.path("server")).verify_directly_issued_by(load(first.path("ca")))


def test_one_more_client_of_a_directory_and_one_more_elsewhere(out: Path, tmp_path: Path) -> None:
    made = make(Order(out, ["orion"]))
    before = contents(out)
    make(Order(out, clients=["alice", "bob"]))
    elsewhere = make(Order(tmp_path / "usb", clients=["carol"], ca=out))
    assert elsewhere.hosts == ()
    files = made.path("server"), made.path("server-key"), made.path("ca")
    for client in (out / "alice", out / "bob", tmp_path / "usb/carol"):
        assert names_in(client) == {"ca.pem", "cert.pem", "key.pem"}
        assert shake(*files, client, "orion") == "ok"
    assert {name: data for name, data in contents(out).items() if "/" not in name} == before


def test_signing_again_in_the_directory_of_the_ca_keeps_the_ca(out: Path) -> None:
    make(Order(out, ["orion"]))
    before = contents(out)
    with pytest.raises(ApispyError, match=r"files exist: .*server.pem.*--force"):
        make(Order(out, ["vega"], ca=out))
    made = make(Order(out, ["vega"], ca=out, force=True))
    changed = {name for name, data in contents(out).items() if before[name] != data}
    assert changed == {"server.pem", "server-key.pem", "cert.pem", "key.pem"}
    assert made.path("ca") == out / "ca.pem"
    assert report_on_directory(out).good


def test_a_ca_with_little_time_left_ends_what_it_signs(out: Path, tmp_path: Path) -> None:
    ca = make_ca(ends=40)
    ca.write(tmp_path / "ca", "ca.pem", "ca-key.pem")
    make(Order(out, ["orion"], ca=tmp_path / "ca"))
    assert load(out / "server.pem").not_valid_after_utc == ca.cert.not_valid_after_utc


@pytest.mark.parametrize(
    ("ca", "why"),
    [
        (make_ca(begins=-9, ends=-1), "expected a CA that is valid now"),
        (make_ca(begins=1), "expected a CA that is valid now"),
        (issue_cert("leaf"), "may not sign others"),
    ],
)
def test_a_ca_that_cannot_sign_is_refused_with_the_reason(
    ca: Any, why: str, out: Path, tmp_path: Path
) -> None:
    ca.write(tmp_path / "ca", "ca.pem", "ca-key.pem")
    with pytest.raises(ApispyError, match=rf"{tmp_path}/ca/ca.pem: .*{why}.*--ca DIR"):
        make(Order(out, ["orion"], ca=tmp_path / "ca"))
    assert not out.parent.exists()


def test_a_ca_that_is_not_whole_or_locked(out: Path, tmp_path: Path) -> None:
    ca = tmp_path / "ca"
    with pytest.raises(UsageError, match=r"found no ca.pem\. Type --ca DIR"):
        make(Order(out, ["orion"], ca=ca))
    with pytest.raises(UsageError, match=r"found no ca.pem.*--host NAME"):
        make(Order(out, clients=["alice"]))
    forged = make_ca()
    forged.write(ca, "ca.pem")
    with pytest.raises(UsageError, match=r"found no ca-key.pem"):
        make(Order(out, ["orion"], ca=ca))
    (ca / "ca-key.pem").touch(0o600)
    (ca / "ca-key.pem").write_bytes(forged.key_pem(b"docker's page has one"))
    with pytest.raises(ApispyError, match=r"with a passphrase.*openssl pkey -in .*ca-key.pem"):
        make(Order(out, ["orion"], ca=ca))


# -- all or nothing --


def test_what_is_there_is_named_and_kept_without_force(out: Path) -> None:
    out.mkdir(parents=True, mode=0o700)
    (out / "server.pem").write_text("mine")
    (out / "key.pem").symlink_to("nowhere")
    with pytest.raises(ApispyError) as caught:
        make(Order(out, ["orion"]))
    assert f"{out}/server.pem, {out}/key.pem. Name another directory" in str(caught.value)
    assert {path.name for path in out.iterdir()} == {"server.pem", "key.pem"}
    make(Order(out, ["orion"], force=True))
    assert report_on_directory(out).good
    assert not (out / "key.pem").is_symlink()


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("step", ["link", "fsync", "replace"])
@pytest.mark.parametrize("nth", [1, 4])
def test_a_failure_at_any_step_leaves_all_as_it_was(
    force: bool, step: str, nth: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = tmp_path / "old", tmp_path / "new" / "deep"
    make(Order(old, ["orion"]))
    before = contents(old)
    real, calls = getattr(os, step), 0

    def failing(*args: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == nth:
            raise OSError(28, "No space left on device")
        return real(*args, **more)

    monkeypatch.setattr(atomic_write.os, step, failing)
    where = old if force else new
    if step == "replace" and not force:
        make(Order(where, ["vega"]))  # nothing is ever replaced without --force
        assert calls == 0
        return
    with pytest.raises(ApispyError, match=r"No space left.*--out"):
        make(Order(where, ["vega"], force=force))
    assert contents(old) == before
    assert not new.parent.exists()


def test_a_file_that_appears_meanwhile_is_not_replaced(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.link

    def faster(source: Any, target: Any, **more: Any) -> None:
        if Path(target).name == "server.pem":
            Path(target).write_text("of another process")
        real(source, target, **more)

    out.mkdir(parents=True, mode=0o700)
    monkeypatch.setattr(atomic_write.os, "link", faster)
    with pytest.raises(ApispyError, match="File exists"):
        make(Order(out, ["orion"]))
    assert contents(out) == {"server.pem": b"of another process"}


def test_a_directory_that_others_can_change_is_refused_and_one_that_they_can_read_is_said(out: Path) -> None:
    from apispy.certs import instructions

    out.mkdir(parents=True)
    out.chmod(0o777)
    with pytest.raises(ApispyError, match=f"{out}: expected mode 0700 or narrower, found 0777.*chmod 700"):
        make(Order(out, ["orion"]))
    assert contents(out) == {}
    out.chmod(0o755)
    lines = instructions(make(Order(out, ["orion"])))
    assert f"The directory existed, with mode 0755. Better: chmod 700 {out}" in lines
    assert mode(out) == 0o755, "it is not ours to change"
    with pytest.raises(ApispyError, match="expected a directory"):
        make(Order(out / "ca.pem", ["orion"]))


@pytest.mark.parametrize("name", ["", "a b", "../x", "-x", "a/b", "x" * 65, "é", ".hidden", "a\n"])
def test_client_names_that_cannot_be_a_directory_are_refused(name: str, out: Path) -> None:
    with pytest.raises(UsageError, match=r"--client .*expected a name of letters"):
        make(Order(out, ["orion"], [name]))
    assert not out.exists()


@pytest.mark.parametrize("host", ["", "tcp://orion", "orion:2376", "a b"])
def test_hosts_that_cannot_stand_in_a_certificate_are_refused(host: str, out: Path) -> None:
    with pytest.raises(UsageError, match="expected a host name or an IP address"):
        make(Order(out, [host]))

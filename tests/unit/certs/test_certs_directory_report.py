"""The account of a directory: every fault is named once, good directories have none, and garbage never ends it."""

import base64
import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given, settings
from hypothesis import strategies as st

from apispy.certs import DirectoryReport, Order, make, report_on_directory
from apispy.errors import ApispyError
from tests.certificates import CLIENT, SERVER, IssuedCert, issue_cert, make_ca, old_signature, rsa_key

CA = make_ca()
OTHER = make_ca("other CA")
TWIN = make_ca()  # of the same name as CA, with another key
EXPIRED, FUTURE, SOON = {"begins": -9, "ends": -2}, {"begins": 3}, {"begins": -300, "ends": 20.5}


def server(issuer: IssuedCert | None = CA, **more: Any) -> IssuedCert:
    return issue_cert("orion", issuer, **{"usages": (SERVER,), **more})


def client(issuer: IssuedCert | None = CA, **more: Any) -> IssuedCert:
    return issue_cert("me", issuer, **{"sans": (), "usages": (CLIENT,), **more})


def faults(account: DirectoryReport) -> list[tuple[str, str]]:
    """(file, what is wrong), without advice; each has a remedy."""
    found = [(entry.name, fault) for entry in account.entries for fault in entry.problems]
    assert all(fault.remedy for _, fault in found)
    return [(name.split(" (mode")[0], fault.what) for name, fault in found if not fault.advice]


def text(directory: Path, **more: Any) -> str:
    return "\n".join(report_on_directory(directory, **more).lines())


def facts(account: DirectoryReport, name: str) -> tuple[str, ...]:
    return next(entry.facts for entry in account.entries if entry.name.startswith(f"{name} "))


@pytest.fixture
def d(tmp_path: Path) -> Path:
    return tmp_path / "d"


# -- what is good --


@pytest.mark.parametrize("usages", [(SERVER,), (SERVER, CLIENT), ()])
def test_a_good_directory_has_no_problems_and_says_everything(usages: Any, d: Path) -> None:
    server(usages=usages).write(d, "server.pem", "server-key.pem", CA)
    client().write(d, "cert.pem", "key.pem")
    account = report_on_directory(d)
    assert faults(account) == []
    assert account.good
    said = facts(account, "server.pem")
    assert "certificate of a server: CN=orion" in said
    assert "signed by ca.pem (CN=test CA)" in said
    assert "for localhost, 127.0.0.1" in said
    assert "key ECDSA P-256, which is in server-key.pem, signed with sha256" in said
    assert any(line.startswith("valid 20") and line.endswith("364 days left") for line in said)
    assert (f"usage {', '.join(['serverAuth', 'clientAuth'][: len(usages)])}" in said) == bool(usages)
    assert facts(account, "key.pem") == ("private key ECDSA P-256, of cert.pem",)
    assert "signed by itself" in facts(account, "ca.pem")
    lines = list(account.lines())
    assert lines[0] == f"{d} (mode 0700)"
    assert "cert.pem (mode 0644):" in lines
    assert lines[-1] == "No problems."


def test_docker_machines_directories(d: Path) -> None:
    make(Order(d, ["orion"], layout="machine"))
    account = report_on_directory(d)
    assert account.good
    assert {entry.name.split(" ")[0] for entry in account.entries} > {
        "certs/ca-key.pem",
        "machines/orion/server.pem",
    }


def test_chains_with_an_intermediate(d: Path) -> None:
    between = issue_cert("between", CA, sans=(), ca=True)
    leaf = server(between)
    leaf.write(d, "server.pem", "server-key.pem", CA)
    assert [what for _, what in faults(report_on_directory(d))] == [
        "was not signed by the CA in ca.pem, but by CN=between"
    ]
    (d / "server.pem").write_bytes(leaf.pem + between.pem)
    account = report_on_directory(d)
    assert faults(account) == []
    assert "signed by server.pem (CN=between)" in facts(account, "server.pem")
    (d / "ca.pem").write_bytes(between.pem)
    (what,) = {what for _, what in faults(report_on_directory(d))}
    assert what == "has a chain that is not complete: CN=test CA, which signed it, is not here"


def test_ed25519(d: Path) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    server(key=key).write(d, "server.pem", "server-key.pem", CA)
    account = report_on_directory(d)
    assert account.good
    assert "key Ed25519, which is in server-key.pem, signed with sha256" in facts(account, "server.pem")


# -- what is wrong, one thing at a time --

CASES: list[tuple[str, Callable[[], IssuedCert], str]] = [
    (
        "server.pem",
        lambda: server(sans=()),
        "has no name or address in its SAN (only the CN 'orion', which do",
    ),
    ("server-cert.pem", lambda: server(sans=()), "has no name or address in its SAN"),
    (
        "server.pem",
        lambda: server(usages=(CLIENT,)),
        "is not a server certificate: its usage is clientAuth, not serverAuth",
    ),
    (
        "cert.pem",
        lambda: client(usages=(SERVER,)),
        "is not a client certificate: its usage is serverAuth, not clientAuth",
    ),
    ("server.pem", lambda: server(**EXPIRED), "expired on 20"),
    ("cert.pem", lambda: client(**EXPIRED), "expired on 20"),
    ("server.pem", lambda: server(**FUTURE), "is not valid before 20"),
    ("cert.pem", lambda: client(**SOON), "expires in 20 days, on 20"),
    ("server.pem", lambda: server(OTHER), "was not signed by the CA in ca.pem, but by CN=other CA"),
    (
        "server.pem",
        lambda: server(TWIN),
        "was not signed by the CA in ca.pem, but by a CA of the same name, but",
    ),
    ("cert.pem", lambda: client(None), "was signed by itself, by no CA"),
    ("server.pem", lambda: server(key=rsa_key(1024)), "has a weak key: RSA 1024"),
    (
        "cert.pem",
        lambda: client(key=ec.generate_private_key(ec.SECP224R1())),
        "has a weak key: ECDSA secp224r1",
    ),
]


@pytest.mark.parametrize(
    ("name", "made", "what"), CASES, ids=[f"{name}-{what[:24]}" for name, _, what in CASES]
)
def test_each_fault_is_named_alone(name: str, made: Callable[[], IssuedCert], what: str, d: Path) -> None:
    key = {"cert.pem": "key.pem"}.get(name, "server-key.pem")
    made().write(d, name, key, CA)
    account = report_on_directory(d)
    ((file, found),) = faults(account)
    assert (file, found[: len(what)]) == (name, what)
    assert not account.good
    assert list(account.lines())[-1] == "1 problem."


@pytest.mark.parametrize(
    ("ca", "what"),
    [
        (make_ca("old", **EXPIRED), "expired on"),
        (make_ca("new", **FUTURE), "is not valid before"),
        (make_ca("late", **SOON), "expires in 20 days"),
        (issue_cert("leaf", sans=()), "is not a CA certificate"),
        (make_ca("weak", key=rsa_key(1024)), "has a weak key: RSA 1024"),
    ],
)
def test_faults_of_a_ca(ca: IssuedCert, what: str, d: Path) -> None:
    ca.write(d, "ca.pem")
    ((file, found),) = faults(report_on_directory(d))
    assert file == "ca.pem"
    assert found.startswith(what)


def test_a_leaf_that_signs_is_no_ca(d: Path) -> None:
    leaf = issue_cert("leaf", sans=())
    server(leaf).write(d, "server.pem", "server-key.pem", leaf)
    found = faults(report_on_directory(d))
    assert ("server.pem", "was signed by ca.pem, which is not a CA certificate") in found


@pytest.mark.parametrize("digest", ["md5", "sha1"])
def test_weak_signatures_count_except_on_a_root(digest: str, d: Path, tmp_path: Path) -> None:
    root = old_signature("test CA", make_ca(key=rsa_key(2048)), digest, tmp_path / "root")
    old_signature("orion", root, digest, tmp_path / "leaf").write(d, "server.pem", "server-key.pem", root)
    account = report_on_directory(d)
    assert faults(account) == [("server.pem", f"has a weak signature: {digest.upper()}")]
    assert "signed by ca.pem (CN=test CA)" in facts(account, "server.pem")
    assert "signed by itself" in facts(account, "ca.pem")


@pytest.mark.parametrize(
    ("cert", "key"),
    [("cert.pem", "key.pem"), ("server.pem", "server-key.pem"), ("server-cert.pem", "server-key.pem"),
     ("ca.pem", "ca-key.pem"), ("cert-bob.pem", "key-bob.pem"), ("bob-cert.pem", "bob-key.pem"),
     ("bob.crt", "bob.key")],
)  # fmt: skip
def test_a_key_of_another_certificate(cert: str, key: str, d: Path) -> None:
    made = CA if cert == "ca.pem" else issue_cert("x", CA, usages=(SERVER, CLIENT))
    made.write(d, cert, ca=CA)
    client().write(d, "unused.pem", key)
    (d / "unused.pem").unlink()
    assert faults(report_on_directory(d)) == [(cert, f"does not belong to the key in {key}")]
    assert facts(report_on_directory(d), key) == (
        "private key ECDSA P-256, of no certificate in this directory",
    )


def test_no_ca_at_all(d: Path) -> None:
    client().write(d, "cert.pem", "key.pem")
    ((_, what),) = faults(report_on_directory(d))
    assert what == "has a chain that is not complete: CN=test CA, which signed it, is not here"


def test_a_self_signed_server_that_is_its_own_ca_file(d: Path) -> None:
    alone = server(None)
    alone.write(d, "server.pem", "server-key.pem")
    assert ("server.pem", "was signed by itself, by no CA") in faults(report_on_directory(d))


def test_modes(d: Path) -> None:
    client().write(d, "cert.pem", "key.pem", CA)
    (d / "key.pem").chmod(0o644)
    (d / "cert.pem").chmod(0o666)
    account = report_on_directory(d)
    assert faults(account) == [
        ("cert.pem", "can be changed by other users (mode 0666)"),
        ("key.pem", "holds a private key that other users can access (mode 0644)"),
    ]
    assert f"chmod 600 {d}/key.pem" in text(d)
    (d / "key.pem").chmod(0o600)
    (d / "cert.pem").chmod(0o644)
    d.chmod(0o777)
    assert faults(report_on_directory(d)) == [(str(d), "can be changed by other users (mode 0777)")]


def test_keys_with_a_passphrase(d: Path) -> None:
    mine = client()
    mine.write(d, "cert.pem", "key.pem", CA)
    (d / "ca-key.pem").touch(0o600)
    (d / "ca-key.pem").write_bytes(CA.key_pem(b"secret"))  # as Docker's page makes it: that is how to keep it
    assert report_on_directory(d).good
    (d / "key.pem").write_bytes(mine.key_pem(b"secret"))
    assert faults(report_on_directory(d)) == [
        ("key.pem", "holds a key with a passphrase, which docker and dockerd refuse")
    ]
    assert "private key with a passphrase" in facts(report_on_directory(d), "key.pem")
    legacy = ["openssl", "rsa", "-aes128", "-traditional", "-passout", "pass:secret", "-out", d / "key.pem"]
    pem = IssuedCert(mine.cert, rsa_key(2048)).key_pem()
    subprocess.run(legacy, input=pem, check=True, capture_output=True)
    assert b"Proc-Type: 4,ENCRYPTED" in (d / "key.pem").read_bytes()
    assert ("key.pem", "holds a key with a passphrase, which docker and dockerd refuse") in faults(
        report_on_directory(d)
    )


def test_the_cas_key_beside_a_servers_is_advice_and_names_what_to_copy(d: Path) -> None:
    make(Order(d, ["orion"]))
    account = report_on_directory(d)
    assert account.good
    (entry,) = [entry for entry in account.entries if entry.problems]
    (fault,) = entry.problems
    assert entry.name.startswith("ca-key.pem")
    assert fault.advice
    assert fault.what == "is the CA key, stored next to server-key.pem"
    assert "  advice: is the CA key" in text(d)
    (d / "ca-key.pem").rename(d / "root.key")  # known by its certificate, not only by its name
    assert "advice: is the CA key" in text(d)


def test_time_goes_by(d: Path) -> None:
    make(Order(d, ["orion"], days=100))
    assert report_on_directory(d).good
    later = datetime.now(UTC) + timedelta(days=80)
    assert {what.split(", on")[0] for _, what in faults(report_on_directory(d, later))} == {
        "expires in 19 days"
    }
    later += timedelta(days=30)
    assert {what.split(" on ")[0] for _, what in faults(report_on_directory(d, later))} == {"expired"}


# -- garbage --


def test_what_cannot_be_read_is_named(d: Path) -> None:
    d.mkdir(mode=0o700)
    (d / "empty.pem").touch()
    (d / "words.crt").write_text("no PEM")
    (d / "half.pem").write_bytes(CA.pem[:200])
    (d / "bad.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    (d / "bad.key").write_text("-----BEGIN PRIVATE KEY-----\n!!\n-----END PRIVATE KEY-----\n")
    (d / "request.pem").write_text(
        "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"
    )
    (d / "gone.pem").symlink_to("nowhere")
    (d / "loop.pem").symlink_to("loop.pem")
    (d / "readme.txt").write_text("not looked at")
    os.mkfifo(d / "pipe.pem")
    (d / "bad.key").chmod(0o600)
    found = dict(faults(report_on_directory(d)))
    assert found["empty.pem"] == "is empty"
    assert found["words.crt"] == found["half.pem"] == "holds nothing in PEM"
    assert found["bad.pem"].startswith("holds a damaged certificate: ")
    assert found["bad.key"].startswith("holds a damaged private key: ")
    assert found["gone.pem"] == "cannot be read: No such file or directory"
    assert "symbolic links" in found["loop.pem"]
    assert found["pipe.pem"] == "is not a file"
    assert "request.pem" not in found
    assert "also: certificate request" in text(d)
    assert "readme" not in text(d)


def test_a_certificate_with_an_extension_that_cannot_be_parsed(d: Path) -> None:
    server(damaged=True).write(d, "server.pem", "server-key.pem", CA)
    ((file, what),) = faults(report_on_directory(d))
    assert file == "server.pem"
    assert what.startswith("holds a damaged certificate: ")


def test_directories_that_hold_nothing_or_are_none(tmp_path: Path) -> None:
    assert "has no certificates" in text(tmp_path)
    assert not report_on_directory(tmp_path).good
    (tmp_path / "file").touch()
    for path, why in ((tmp_path / "gone", "No such file"), (tmp_path / "file", "Not a directory")):
        with pytest.raises(ApispyError, match=rf"{path}: {why}.*--show"):
            report_on_directory(path)


def test_many_files_are_cut_and_said_to_be(d: Path) -> None:
    d.mkdir(mode=0o700)
    for number in range(205):
        (d / f"{number:03}.pem").touch()
    (d / "a" / "b" / "c").mkdir(parents=True)
    (d / "a/b/c/too-deep.pem").touch()
    account = report_on_directory(d)
    assert len(account.entries) == 201
    assert faults(account)[0][1] == "has more than 200 such files; the rest is not examined"


def pem(label: str, der: bytes) -> bytes:
    return (
        f"-----BEGIN {label}-----\n".encode() + base64.encodebytes(der) + f"-----END {label}-----\n".encode()
    )


DER = [base64.b64decode(b"".join(data.splitlines()[1:-1])) for data in (CA.pem, server().pem, CA.key_pem())]


@settings(max_examples=150, deadline=None)
@given(
    which=st.integers(0, 2),
    changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=6),
    cut=st.integers(0, 30),
)
def test_changed_bytes_never_end_the_account(
    which: int, changes: list[tuple[int, int]], cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    der = bytearray(DER[which])
    for at, value in changes:
        der[at % len(der)] = value
    directory = tmp_path_factory.mktemp("changed")
    (directory / "ca.pem").write_bytes(CA.pem)
    label = "PRIVATE KEY" if which == 2 else "CERTIFICATE"
    (directory / "server.pem").write_bytes(pem(label, bytes(der[: len(der) - cut])))
    assert list(report_on_directory(directory).lines())

"""What is issued, proven by real handshakes and by OpenSSL's strictest reading."""

import shutil
import socket
import ssl
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from apispy.certs import ServerFiles, Store, open_store
from apispy.errors import UsageError


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "certs")


def load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def client_context(store: Store, ca: Path | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca or store.ca)
    context.verify_flags |= ssl.VERIFY_X509_STRICT  # the default from Python 3.13 on
    context.hostname_checks_common_name = False
    context.load_cert_chain(store.cert, store.key)
    return context


def server_context(files: ServerFiles) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=files.ca)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(files.cert, files.key)
    return context


def handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> str:
    """ "ok" when both ends verified each other and a byte went both ways; else the two ends' complaints."""
    ours, theirs = socket.socketpair()
    complaints: list[str] = []
    thread = threading.Thread(target=_serve, args=(server, theirs, complaints))
    thread.start()
    try:
        with ours, client.wrap_socket(ours, server_hostname=name) as secured:
            secured.sendall(b"?")
            answer = secured.recv(1)
    except OSError as error:
        answer = str(error).encode()
    thread.join()
    return "ok" if answer == b"!" and not complaints else f"client: {answer!r}; server: {complaints}"


def _serve(context: ssl.SSLContext, sock: socket.socket, complaints: list[str]) -> None:
    try:
        with sock, context.wrap_socket(sock, server_side=True) as secured:
            secured.recv(1)
            secured.sendall(b"!")
    except OSError as error:
        complaints.append(str(error))


@pytest.mark.parametrize(
    "name", ["localhost", "127.0.0.1", "::1", "10.1.2.3", "Build7.example.com", "fd00::7"]
)
def test_mutual_tls(name: str, store: Store) -> None:
    files = store.server_for(["10.1.2.3", "build7.EXAMPLE.com", "[fd00::7]"])
    assert handshake(server_context(files), client_context(store), name) == "ok"


def test_a_name_that_was_not_asked_for_is_refused(store: Store) -> None:
    outcome = handshake(server_context(store.server_for()), client_context(store), "elsewhere")
    assert "Hostname mismatch" in outcome


def test_another_ca_is_refused_both_ways(store: Store, tmp_path: Path) -> None:
    other = open_store(tmp_path / "other")
    files = store.server_for()
    unknown = handshake(server_context(files), client_context(other), "localhost")
    assert "CERTIFICATE_VERIFY_FAILED" in unknown
    assert "ALERT_UNKNOWN_CA" in unknown
    stranger = handshake(server_context(files), client_context(other, ca=store.ca), "localhost")
    assert "server: ['[SSL: CERTIFICATE_VERIFY_FAILED]" in stranger


def test_a_certificate_serves_its_purpose_only(store: Store) -> None:
    files = store.server_for()
    as_client = client_context(store)
    as_client.load_cert_chain(files.cert, files.key)
    assert "unsuitable certificate purpose" in handshake(server_context(files), as_client, "localhost")
    as_server = server_context(ServerFiles(store.cert, store.key, store.ca))
    assert "unsuitable certificate purpose" in handshake(as_server, client_context(store), "localhost")


@pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl program")
@pytest.mark.parametrize(("file", "purpose"), [("server.pem", "sslserver"), ("cert.pem", "sslclient")])
def test_openssl_strict(file: str, purpose: str, store: Store) -> None:
    store.server_for()
    command = [
        "openssl",
        "verify",
        "-x509_strict",
        "-purpose",
        purpose,
        "-CAfile",
        store.ca,
        store.directory / file,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_ca(store: Store) -> None:
    ca = load(store.ca)
    basic = ca.extensions.get_extension_for_class(x509.BasicConstraints)
    usage = ca.extensions.get_extension_for_class(x509.KeyUsage)
    assert basic.critical
    assert (basic.value.ca, basic.value.path_length) == (True, 0)
    assert usage.critical
    assert (usage.value.key_cert_sign, usage.value.crl_sign, usage.value.digital_signature) == (
        True,
        True,
        False,
    )
    assert ca.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value.startswith("apispy CA ")
    assert life(ca) == timedelta(days=3650)


@pytest.mark.parametrize(
    ("file", "purpose", "name"),
    [
        ("server.pem", ExtendedKeyUsageOID.SERVER_AUTH, "apispy server"),
        ("cert.pem", ExtendedKeyUsageOID.CLIENT_AUTH, "apispy client"),
    ],
)
def test_the_leaves(file: str, purpose: x509.ObjectIdentifier, name: str, store: Store) -> None:
    store.server_for()
    leaf, ca = load(store.directory / file), load(store.ca)
    get = leaf.extensions.get_extension_for_class
    assert list(get(x509.ExtendedKeyUsage).value) == [purpose]
    assert not get(x509.BasicConstraints).value.ca
    issuer_key = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    assert get(x509.AuthorityKeyIdentifier).value.key_identifier == issuer_key
    assert leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == name
    assert life(leaf) <= timedelta(days=825)
    late = datetime.now(UTC) - leaf.not_valid_before_utc
    assert timedelta(hours=48) <= late < timedelta(hours=49)


def life(cert: x509.Certificate) -> timedelta:
    return cert.not_valid_after_utc - cert.not_valid_before_utc


def test_names_and_addresses_have_their_own_kind_of_san(store: Store) -> None:
    sans = load(store.server_for(["10.1.2.3", "bücher.example", "fe80::1%eth0"]).cert).extensions
    found = sans.get_extension_for_class(x509.SubjectAlternativeName)
    assert not found.critical  # the subject is not empty
    assert set(found.value.get_values_for_type(x509.DNSName)) == {"localhost", "xn--bcher-kva.example"}
    expected = {ip_address(a) for a in ("127.0.0.1", "::1", "10.1.2.3", "fe80::1")}
    assert set(found.value.get_values_for_type(x509.IPAddress)) == expected


def test_serial_numbers_are_random(store: Store, tmp_path: Path) -> None:
    other = open_store(tmp_path / "other")
    serials = {load(p).serial_number for s in (store, other) for p in (s.ca, s.cert, s.server_for().cert)}
    assert len(serials) == 6


@pytest.mark.parametrize("host", ["", "host:2376", "a b", "tcp://h", "x" * 64, "a..b"])
def test_hosts_that_cannot_stand_in_a_certificate(host: str, store: Store) -> None:
    with pytest.raises(UsageError, match="expected a host name or an IP address"):
        store.server_for([host])

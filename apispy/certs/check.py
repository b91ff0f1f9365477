"""Checks the handshake with a daemon step by step, with the result of each step or its problem and a remedy.

Text from the daemon's certificate is unescaped: escape it before you show it.
"""

import http.client
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from apispy.certs import describe
from apispy.certs.pem import read_pem, whole
from apispy.certs.strictness import STRICT
from apispy.endpoints import TLS, Daemon, DaemonError, Endpoint, connect, diagnose, probe, tls_context
from apispy.structs import Struct, replace

NAME_MISMATCH = (62, 64)  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
OLD = ("SSLv3", "TLSv1", "TLSv1.1")
# Parts of OpenSSL's reasons when the daemon rejects the client certificate.
_OUR_CERTIFICATE = ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED", "HANDSHAKE_FAILURE", "DECRYPT_ERROR")
_SECURE_IT = "Start dockerd with --tlsverify --tlscacert FILE --tlscert FILE --tlskey FILE"


class HandshakeStep(Struct, frozen=True):
    """``text``: the result, or the problem if there is a ``remedy``; both without a full stop."""

    name: str
    text: str
    remedy: str = ""

    @property
    def good(self) -> bool:
        return not self.remedy


def check(endpoint: Endpoint, timeout: float = 3.0) -> Iterator[HandshakeStep]:
    """The steps in order, each as soon as it is done; it ends early when the next one cannot be tried.

    ``endpoint`` is tcp with TLS. ``timeout`` is in seconds and for each wait. ApispyError for a file of ours that
    cannot be loaded.
    """
    assert endpoint.tls is not None, "only TLS endpoints are checked"
    tls_context(endpoint)  # first the local files: without them every step would fail for a local reason
    tried = _Check(endpoint, endpoint.tls, timeout)
    for ask in (tried.resolve, tried.connect, tried.speak_tls):
        step = ask()
        yield step
        if not step.good:
            return
    yield from tried.judge_certificate()
    yield from tried.ask_docker()


class _Check:
    """The state of a check."""

    def __init__(self, endpoint: Endpoint, tls: TLS, timeout: float) -> None:
        self._endpoint, self._tls, self._timeout = endpoint, tls, timeout
        self._cert: x509.Certificate | None = None

    def resolve(self) -> HandshakeStep:
        try:
            found = socket.getaddrinfo(self._endpoint.host, self._endpoint.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            return self._failed("resolve", diagnose(self._endpoint, error))
        addresses = dict.fromkeys(str(entry[4][0]) for entry in found)
        return HandshakeStep("resolve", f"{self._endpoint.host} is {', '.join(addresses)}")

    def connect(self) -> HandshakeStep:
        try:
            with connect(self._endpoint, self._timeout) as sock:
                host, port = sock.getpeername()[:2]
        except (OSError, UnicodeError) as error:
            return self._failed("connect", diagnose(self._endpoint, error))
        return HandshakeStep("connect", f"{host} accepts connections on port {port}")

    def speak_tls(self) -> HandshakeStep:
        """Connect with any TLS version and any certificate, to see what the daemon offers."""
        context = tls_context(self._unverified())
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.set_ciphers("ALL:@SECLEVEL=0")
        try:
            with connect(self._endpoint, self._timeout) as sock, context.wrap_socket(sock) as secured:
                version, cipher = secured.version(), secured.cipher()
                self._cert = _parsed(secured.getpeercert(binary_form=True))
        except OSError as error:
            return self._no_tls(error)
        if version in OLD:
            return HandshakeStep(
                "TLS", f"it speaks {version} at most", "Use a newer daemon; docker requires TLS 1.2"
            )
        return HandshakeStep("TLS", f"{version}, {cipher[0] if cipher else 'no cipher'}")

    def _no_tls(self, error: OSError) -> HandshakeStep:
        reason = (isinstance(error, ssl.SSLError) and error.reason) or ""
        if any(part in reason for part in _OUR_CERTIFICATE):
            return HandshakeStep("TLS", "it speaks TLS 1.2, and closes the connection after the client hello")
        try:
            daemon = probe(replace(self._endpoint, tls=None), self._timeout)
        except DaemonError:
            return self._failed("TLS", diagnose(self._endpoint, error))
        what = (
            f"it speaks plain HTTP, as Docker {daemon.version}: anyone who can reach this port is root there"
        )
        return HandshakeStep("TLS", what, _SECURE_IT)

    def judge_certificate(self) -> Iterator[HandshakeStep]:
        if self._cert is not None:
            yield HandshakeStep("certificate", _summary(self._cert))
        if not self._tls.verify:
            yield HandshakeStep("CA", "not verified, as --tls says")
            return
        signer = self._judge_signer()
        yield signer
        yield self._judge_name()
        if signer.good:
            yield self._judge_strictly()

    def _judge_signer(self) -> HandshakeStep:
        error = self._verification(names=False)
        if error is not None:
            return self._failed("CA", diagnose(self._endpoint, error))
        return HandshakeStep(
            "CA", f"the certificate is valid, according to {self._tls.ca or 'the roots of the system'}"
        )

    def _judge_name(self) -> HandshakeStep:
        host = self._endpoint.host
        if self._cert is None:  # the daemon closed before its certificate could be read: ask OpenSSL
            return self._name_going_by_openssl()
        if describe.covers(self._cert, host):
            return HandshakeStep("name", f"the certificate is for {host}")
        name = describe.common_name(self._cert)
        has = ", ".join(describe.names(self._cert)) or (
            f"no host: it has no SAN, only the CN {name}, which docker ignores" if name else "no host"
        )
        option = "--ip" if describe.is_address(host) else "--host"
        issue = f"apispy certs {option} {host} --ca DIR --out DIR"
        remedy = f"Use a name that the certificate has, or issue another one: {issue}"
        return HandshakeStep("name", f"the certificate is not for {host}, but for {has}", remedy)

    def _judge_strictly(self) -> HandshakeStep:
        """Ask OpenSSL for what Python checks from 3.13 on, and Go does not (see apispy.certs.strictness)."""
        error = self._verification(names=False, strict=True)
        if not isinstance(error, ssl.SSLCertVerificationError):
            return HandshakeStep("strict", f"{STRICT} accept it too")
        return HandshakeStep(
            "strict",
            f"docker accepts it, {STRICT} refuse it: {error.verify_message}",
            "Make a CA and certificates that all clients accept: apispy certs --host NAME --out DIR",
        )

    def _name_going_by_openssl(self) -> HandshakeStep:
        error = self._verification(names=True)
        if error is None:
            return HandshakeStep("name", f"the certificate is for {self._endpoint.host}")
        if isinstance(error, ssl.SSLCertVerificationError) and error.verify_code in NAME_MISMATCH:
            return self._failed("name", diagnose(self._endpoint, error))
        return HandshakeStep("name", "not checked, because the certificate is not valid")

    def _verification(self, *, names: bool, strict: bool = False) -> OSError | None:
        """Why a client as strict as docker, or as Python 3.13, ends the handshake; None if it does not."""
        context = tls_context(self._endpoint)
        context.check_hostname = names
        if strict:
            context.verify_flags |= ssl.VERIFY_X509_STRICT
        name = self._endpoint.host.partition("%")[0]
        try:
            with (
                connect(self._endpoint, self._timeout) as sock,
                context.wrap_socket(sock, server_hostname=name),
            ):
                return None
        except OSError as error:
            ours = isinstance(error, ssl.SSLCertVerificationError | TimeoutError)
            # the daemon accepts the client certificate, or rejects it only later
            return error if ours or self._cert is not None else None

    def ask_docker(self) -> Iterator[HandshakeStep]:
        answer = self._answer(self._unverified())
        yield self._judge_client(answer)
        if isinstance(answer, Daemon):
            yield HandshakeStep("HTTP", "GET /version was answered")
            words = f"version {answer.version}, API {answer.api_version} (lowest {answer.min_api_version})"
            yield HandshakeStep("Docker", f"{words}, {answer.os}/{answer.arch}")
        elif not _sent_away(answer):
            yield self._failed("HTTP", answer)

    def _judge_client(self, answer: Daemon | DaemonError) -> HandshakeStep:
        if isinstance(answer, DaemonError) and _sent_away(answer):
            return self._sent_away(answer)
        stranger = self._answer(self._unverified(with_cert=False)) if self._tls.cert else answer
        if isinstance(stranger, DaemonError) and _sent_away(stranger):
            return HandshakeStep(
                "client", f"a client certificate is required, and {self._tls.cert} is accepted"
            )
        if isinstance(stranger, DaemonError) and isinstance(stranger.__cause__, TimeoutError):
            return self._failed("client", stranger)
        return HandshakeStep(
            "client",
            "no client certificate is required: anyone who can reach this port is root there",
            _SECURE_IT,
        )

    def _sent_away(self, answer: DaemonError) -> HandshakeStep:
        if self._tls.cert is None:
            return HandshakeStep(
                "client",
                "a client certificate is required, and none is given",
                "Type --tlscert FILE --tlskey FILE, or set DOCKER_CERT_PATH to the directory of cert.pem and key.pem",
            )
        what, remedy = answer.problem, answer.remedy
        if not isinstance(answer.__cause__, ssl.SSLError):
            what = f"it closed the connection after {self._tls.cert} was sent"
            remedy = "Type --tlscert FILE --tlskey FILE of a client that it knows"
        found = _own_fault(self._tls.cert)
        return HandshakeStep("client", f"{what}{f' ({found})' if found else ''}", remedy)

    def _answer(self, endpoint: Endpoint) -> Daemon | DaemonError:
        try:
            return probe(endpoint, self._timeout)
        except DaemonError as error:
            return error

    def _unverified(self, with_cert: bool = True) -> Endpoint:
        tls = replace(self._tls, verify=False)
        return replace(self._endpoint, tls=tls if with_cert else replace(tls, cert=None, key=None))

    def _failed(self, name: str, error: DaemonError) -> HandshakeStep:
        return HandshakeStep(name, error.problem, error.remedy)


def _sent_away(error: DaemonError) -> bool:
    """Whether the TLS layer rejected the connection, or a reset lost its alert."""
    cause = error.__cause__
    broken_off = isinstance(cause, ConnectionError) and not isinstance(cause, http.client.RemoteDisconnected)
    return broken_off or isinstance(cause, ssl.SSLError)


def _parsed(der: bytes | None) -> x509.Certificate | None:
    try:
        return whole(x509.load_der_x509_certificate(der)) if der else None
    except Exception:  # hostile bytes, as in pem.py: OpenSSL will report them
        return None


def _summary(cert: x509.Certificate) -> str:
    names = ", ".join(describe.names(cert)) or "no name in its SAN"
    usages = ", ".join(describe.usages(cert)) or "any"
    return (
        f"{describe.subject(cert.subject)}; for {names}; usage {usages}; "
        f"signed by {describe.subject(cert.issuer)}; valid {describe.period(cert, datetime.now(UTC))}"
    )


def _own_fault(path: Path) -> str:
    """The local problem of the client certificate, because daemons often say no more than "bad"."""
    certs = read_pem(path).certs
    if not certs:
        return ""
    now, cert = datetime.now(UTC), certs[0]
    if not cert.not_valid_before_utc <= now < cert.not_valid_after_utc:
        return f"it is valid {describe.period(cert, now)}"
    if not describe.is_for(cert, describe.CLIENT):
        return f"its usage is {', '.join(describe.usages(cert))}, not {describe.CLIENT}"
    return f"it was signed by {describe.subject(cert.issuer)}"

"""A real dockerd that the tests start and stop, and the image that all rows use."""

import datetime
import io
import ipaddress
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tarfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .endpoints import Endpoint
from .modern_root import ModernRoot
from .wait import until

IMAGE = "busybox:test"
BUSYBOX = Path("/bin/busybox")


def free_port() -> int:
    """Return a port below those that the kernel gives to outgoing connections: none of these takes it meanwhile."""
    while True:
        port = secrets.choice(range(20_000, 32_000))
        with socket.socket() as sock:
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


# --- certificates, made without apispy's code


@dataclass(frozen=True)
class Authority:
    """A CA for the tests."""

    cert: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def make(cls, name: str) -> "Authority":
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        usages = dict.fromkeys(_USAGES, False) | {"key_cert_sign": True, "crl_sign": True}
        builder = (
            _builder(subject, subject, key.public_key(), key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.KeyUsage(**usages), critical=True)
        )
        return cls(builder.sign(key, hashes.SHA256()), key)

    def issue(self, where: Path, *, server: bool) -> Path:
        """Write ca.pem, cert.pem and key.pem to the directory `where`, and return it."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server" if server else "client")])
        usage = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
        alternatives = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        cert = (
            _builder(name, self.cert.subject, key.public_key(), self.key.public_key())
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        where.mkdir(parents=True)
        pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        (where / "ca.pem").write_bytes(self.cert.public_bytes(pem))
        (where / "cert.pem").write_bytes(cert.public_bytes(pem))
        (where / "key.pem").write_bytes(key.private_bytes(pem, pkcs8, serialization.NoEncryption()))
        return where


_USAGES = [
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
]


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, signer: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    """Return a builder with the common fields; Python >= 3.13 requires the key identifiers."""
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer), critical=False)
    )


# --- the daemon

POOL = {"base": "172.16.0.0/12", "size": 24}
"""Where networks get their addresses. By default there are 31 for all networks of all daemons of the machine, and those
of a daemon that was killed stay."""


class Daemon:
    """One dockerd with its own root directories. `where` must be absolute: with a relative exec-root dockerd hangs.

    `tools`: the directory of the engine's own client programs, if they are not those of this machine.
    """

    def __init__(self, where: Path, listen: list[str], root: ModernRoot | None = None) -> None:
        self.where = where
        self.tools = root.tools if root else None
        self.log = where / "log"
        self.unix = Endpoint(f"unix://{where}/s")
        where.mkdir()
        (where / "daemon.json").write_text(json.dumps({"default-address-pools": [POOL]}))
        command = [
            *(root.enter if root else []),
            "dockerd",
            "--config-file",
            f"{where}/daemon.json",
            "--shutdown-timeout",
            "2",
        ]
        command += ["--iptables=false", "--ip6tables=false", "--bridge=none"]
        command += [
            "--data-root",
            f"{where}/data",
            "--exec-root",
            f"{where}/exec",
            "--pidfile",
            f"{where}/pid",
        ]
        self.command = [*command, "-H", self.unix.host, *listen]
        self.start()

    def start(self) -> None:
        """Start dockerd, also again after `kill`."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until(self._answers, 60, f"dockerd to answer; its log: {self.log}", every=0.05)

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(
                f"dockerd ended with {self.process.returncode}:\n{self.log.read_text()[-3000:]}"
            )
        try:
            with self.unix.wire(2) as wire:
                wire.send(b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n")
                return b"200 OK" in wire.read_response()
        except (OSError, AssertionError):
            return False

    def docker(self, *words: str, **options: object) -> str:
        """Run any docker CLI directly against this daemon, for preparations."""
        done = subprocess.run(
            [f"{self.tools}/docker" if self.tools else "docker", "-H", self.unix.host, *words],
            check=True,
            capture_output=True,
            cwd=self.where,
            timeout=120,
            **options,  # type: ignore[arg-type]
        )
        return done.stdout.decode()

    def kill(self) -> None:
        """Kill it as a crash of the machine would: without a shutdown, and with an empty /run afterwards.

        Where no process reaps a dead containerd, the next dockerd finds its pid alive and waits for it forever.
        """
        self.process.kill()
        self.process.wait(10)
        self._end_containerd((signal.SIGKILL,))
        (self.where / "exec/containerd/containerd.pid").unlink()

    def stop(self) -> None:
        """Stop the daemon and everything that it started or mounted."""
        if self.process.poll() is None:
            if left := self.docker("ps", "-aq").split():
                self.docker("rm", "-f", *left)
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)
        self._end_containerd()
        for mount in sorted(self._mounts(), reverse=True):
            subprocess.run(["umount", "-l", mount], check=False, timeout=10)
        shutil.rmtree(self.where, ignore_errors=True)

    def _end_containerd(self, signals: tuple[signal.Signals, ...] = (signal.SIGTERM, signal.SIGKILL)) -> None:
        """Kill dockerd's own containerd and shims, which survive a killed dockerd; their arguments contain our directory."""
        mark = f"{self.where}/exec".encode()
        mine = [pid for pid in _pids() if mark in _command_line(pid)]
        for number in signals:
            for pid in mine:
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass
            deadline = time.monotonic() + 5
            while any(_command_line(pid) for pid in mine) and time.monotonic() < deadline:
                time.sleep(0.02)

    def _mounts(self) -> list[str]:
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
        return [point for line in lines if (point := line.split()[4]).startswith(f"{self.where}/")]


class Podman(Daemon):
    """`podman system service` of the modern root, with its own storage. No network is configured for it."""

    def __init__(self, where: Path, root: ModernRoot) -> None:
        self.where, self.tools = where, root.tools
        self.log = where / "log"
        self.unix = Endpoint(f"unix://{where}/s")
        where.mkdir()
        settings = ["--root", f"{where}/data", "--runroot", f"{where}/exec", "--tmpdir", f"{where}/tmp"]
        settings += ["--cgroup-manager", "cgroupfs", "--events-backend", "file"]
        self.command = [*root.enter, "podman", *settings, "system", "service", "--time", "0", self.unix.host]
        self.start()

    def docker(self, *words: str, **options: object) -> str:
        """As with dockerd; an imported image's name gets no registry's name before it."""
        renamed = [
            f"docker.io/library/{IMAGE}" if words[0] == "import" and word == IMAGE else word for word in words
        ]
        return super().docker(*renamed, **options)


def tls_flags(certs: Path) -> list[str]:
    """Return dockerd's TLS flags, which apply to all its tcp listeners."""
    return [
        "--tlsverify",
        "--tlscacert",
        f"{certs}/ca.pem",
        "--tlscert",
        f"{certs}/cert.pem",
        "--tlskey",
        f"{certs}/key.pem",
    ]


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


# --- images


def busybox_root() -> bytes:
    """Build a root file system as tar: busybox with a link for each applet."""
    applets = subprocess.run([BUSYBOX, "--list"], check=True, capture_output=True, text=True).stdout.split()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name in ("bin", "tmp", "etc", "dev", "proc", "sys"):
            directory = tarfile.TarInfo(name)
            directory.type, directory.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(directory)
        program = tarfile.TarInfo("bin/busybox")
        program.mode, program.size = 0o755, BUSYBOX.stat().st_size
        with BUSYBOX.open("rb") as file:
            tar.addfile(program, file)
        for applet in applets:
            if applet != "busybox":
                link = tarfile.TarInfo(f"bin/{applet}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(link)
    return out.getvalue()


@dataclass
class Daemons:
    """`plain` listens on a unix socket and plain TCP, `tls` on a unix socket and TCP with client certificates.

    There are two, because --tlsverify applies to every tcp listener of a dockerd. A relay in front of a single one would
    make "direct" indirect. A second dockerd with its own root directories starts in a third of a second.
    """

    plain: Daemon
    tls: Daemon
    plain_tcp: Endpoint
    tls_tcp: Endpoint
    more: dict[str, Daemon] = field(default_factory=dict)  # by transport: daemons of the modern root

    @classmethod
    def start(cls, where: Path, root: ModernRoot | None = None) -> "Daemons":
        authority = Authority.make("test daemon CA")
        server = authority.issue(where / "server-certs", server=True)
        client = authority.issue(where / "client-certs", server=False)
        ports = free_port(), free_port()
        plain_tcp = Endpoint(f"tcp://127.0.0.1:{ports[0]}")
        tls_tcp = Endpoint(f"tcp://127.0.0.1:{ports[1]}", client)
        started: list[Daemon] = []
        try:
            started.append(Daemon(where / "a", ["-H", plain_tcp.host], root))
            started.append(Daemon(where / "b", ["-H", tls_tcp.host, *tls_flags(server)], root))
            if root:
                started.append(Daemon(where / "s", [], root))
                started.append(Podman(where / "p", root))
            files = busybox_root()
            for daemon in started:
                daemon.docker("import", "-", IMAGE, input=files)
        except BaseException:
            for daemon in started:
                daemon.stop()
            raise
        plain, tls, *more = started
        return cls(plain, tls, plain_tcp, tls_tcp, dict(zip(("swarm", "podman"), more, strict=False)))

    @property
    def by_transport(self) -> dict[str, tuple[Endpoint, Daemon]]:
        """The endpoint, and the daemon behind it, of each transport that a row may name."""
        return {
            "tcp": (self.plain_tcp, self.plain),
            "mtls": (self.tls_tcp, self.tls),
            "unix": (self.plain.unix, self.plain),
        } | {name: (daemon.unix, daemon) for name, daemon in self.more.items()}

    def stop(self) -> None:
        for daemon in (self.plain, self.tls, *self.more.values()):
            daemon.stop()

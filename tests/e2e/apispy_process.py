"""A running apispy, or with APISPY_E2E_STANDIN=socat a transparent relay instead, which tests the tests."""

import os
import resource
import shlex
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from .daemon import free_port
from .endpoints import Endpoint
from .wait import until

STANDIN = os.environ.get("APISPY_E2E_STANDIN", "")
READY = "apispy: ready"


def apispy_command() -> list[str]:
    script = Path(sys.executable).parent / "apispy"
    return [str(script)] if script.exists() else [sys.executable, "-m", "apispy"]


@dataclass
class Apispy:
    """An apispy process; its stdout and stderr go to files in `where`."""

    where: Path
    process: subprocess.Popen[bytes]
    endpoint: Endpoint | None = None
    exports: dict[str, str] = field(default_factory=dict)

    @classmethod
    def start(
        cls,
        where: Path,
        *words: str,
        env: dict[str, str] | None = None,
        ready: bool = True,
        module: str = "",
        limits: dict[int, tuple[int, int]] | None = None,
    ) -> "Apispy":
        """Run `apispy WORDS...`, or a *module* that extends apispy; with `ready`, return once it has printed that it
        accepts connections. *limits*: resource limits of the process (setrlimit).
        """
        where.mkdir(parents=True)
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("DOCKER_", "APISPY_"))}
        clean |= {"HOME": str(where), "XDG_DATA_HOME": f"{where}/data", "PYTHONUNBUFFERED": "1"} | (env or {})
        command = [sys.executable, "-m", module] if module else apispy_command()
        if module:
            clean["PYTHONPATH"] = str(Path(__file__).parents[2])
        with (where / "out").open("wb") as out, (where / "err").open("wb") as err:
            process = subprocess.Popen(
                [*command, *words],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=clean,
                cwd=where,
                start_new_session=True,
                preexec_fn=lambda: [resource.setrlimit(*limit) for limit in (limits or {}).items()],
            )
        spy = cls(where, process)
        if ready:
            try:
                until(
                    spy._has_started, 30, f"apispy {shlex.join(words)} to be ready; its stderr: {spy.err!r}"
                )
            except BaseException:
                spy.kill()
                raise
        return spy

    @property
    def out(self) -> str:
        return (self.where / "out").read_bytes().decode(errors="backslashreplace")

    @property
    def err(self) -> str:
        return (self.where / "err").read_bytes().decode(errors="backslashreplace")

    @property
    def output(self) -> str:
        return self.out + self.err

    @property
    def pid(self) -> int:
        return self.process.pid

    def _has_started(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"apispy ended with {self.process.returncode}: {self.err}")
        lines = self.err.splitlines(keepends=True)
        if not any(line.startswith(READY) and line.endswith("\n") for line in lines):
            return False
        for line in lines:
            if line.startswith("export "):
                name, _, value = shlex.split(line)[1].partition("=")
                self.exports[name] = value
        certs = self.exports.get("DOCKER_CERT_PATH")
        self.endpoint = Endpoint(self.exports["DOCKER_HOST"], Path(certs) if certs else None)
        return True

    @property
    def at(self) -> Endpoint:
        assert self.endpoint is not None
        return self.endpoint

    def end(self, number: int = signal.SIGTERM, timeout: float = 10) -> int:
        """Send a signal if apispy still runs, and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"apispy did not end within {timeout:g} s of signal {number}") from None

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)

    def memory(self, name: str = "VmRSS") -> int:
        """Return a field of /proc/PID/status in bytes."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
        raise AssertionError(f"no {name} of process {self.pid}")

    def reset_peak(self) -> None:
        """Reset the peak (VmHWM) to the current resident size."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")


class SocatRelay(Apispy):
    """socat with a very long -t, which is transparent: a test that passes with it must pass with apispy."""

    @classmethod
    def in_front_of(cls, where: Path, upstream: Endpoint) -> "SocatRelay":
        where.mkdir(parents=True)
        if upstream.is_unix:
            endpoint = Endpoint(f"unix://{where}/relay.sock")
            ends = [f"UNIX-LISTEN:{endpoint.path},fork,backlog=100", f"UNIX-CONNECT:{upstream.path}"]
        else:
            endpoint = Endpoint(f"tcp://127.0.0.1:{free_port()}", upstream.certs)
            listen = f"TCP-LISTEN:{endpoint.address[1]},bind=127.0.0.1,fork,reuseaddr,backlog=100,nodelay"
            ends = [listen, "TCP:{}:{},nodelay".format(*upstream.address)]
        with (where / "out").open("wb") as out, (where / "err").open("wb") as err:
            process = subprocess.Popen(
                ["socat", "-t", "3600", *ends], stdout=out, stderr=err, start_new_session=True
            )
        relay = cls(where, process, endpoint)
        until(relay._accepts, 10, f"socat to listen: {relay.err}")
        return relay

    def _accepts(self) -> bool:
        try:
            self.at.plain_socket(2).close()
        except OSError:
            return False
        return True

"""The faults of `apispy doctor` that need another user, a service, a clock or a real client, as a table.

They are prepared in a mount namespace in which /etc and /run belong to the test.
"""

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import zipfile
from contextlib import ExitStack
from pathlib import Path

from tests.doctor_faults import Fault, Place, docker_context

from .apispy_process import Apispy, apispy_command
from .wait import until

USER, UID = "tester", 54321
SAMPLE = Path(__file__).parents[2] / "samples/fixtures/ps.json"

_ENTER = """set -e
mount -t tmpfs tmpfs "$1"; cp -a /etc "$1/etc"; mount --bind "$1/etc" /etc
mount -t tmpfs -o mode=755 tmpfs /run
case $5 in /root/*)  # the user has to be able to run this Python
    mkdir "$1/root"; mount --bind /root "$1/root"; mount -o remount,bind,ro "$1/root"; mount -t tmpfs -o mode=755 tmpfs /root
    mkdir -p "$5"; mount --bind "$1/root${5#/root}" "$5"; mount -o remount,bind,ro "$5";;
esac
groupadd --force docker; useradd --uid $2 --home-dir "$3" --shell /bin/bash $4
echo entered; exec cat"""


class RealPlace(Place):
    """A Place whose commands run in the namespace, as root or, with ``as_user``, as a user without rights."""

    as_user = False
    groups = "--init-groups"

    @classmethod
    def enter(cls, home: Path, stack: ExitStack) -> "RealPlace":
        made = cls(home, stack)
        etc = home.with_name(f"{home.name}-etc")  # not in the home: its mounts are this machine's
        etc.mkdir()
        words = [
            "unshare",
            "--mount",
            "--propagation",
            "private",
            "sh",
            "-c",
            _ENTER,
            "sh",
            str(etc),
            str(UID),
        ]
        holder = subprocess.Popen(
            [*words, str(home), USER, sys.base_prefix],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        stack.callback(holder.communicate, timeout=10)
        assert holder.stdout
        assert holder.stdout.readline() == b"entered\n"
        made.namespace = [shutil.which("nsenter") or "nsenter", "--target", str(holder.pid), "--mount", "--"]
        made.program("sudo", 'exec "$@"')
        for tool in ("usermod", "chown", "newgrp", "dirname", "setsid", "podman", "cat", "sleep", "sg"):
            if path := shutil.which(tool):
                (home / "bin" / tool).symlink_to(path)
        made.environ |= {"USER": USER, "TMPDIR": str(home / "tmp")}
        (home / "tmp").mkdir(mode=0o1777)
        (home / "tmp").chmod(0o1777)
        made.values |= {"python": sys.executable, "user": USER}
        return made

    namespace: list[str]

    def words(self, *words: str) -> list[str]:
        user = (
            ["/usr/bin/setpriv", "--reuid", USER, "--regid", str(UID), self.groups, "--"]
            if self.as_user
            else []
        )
        return [*self.namespace, *user, *words]

    def cure(self, command: str) -> None:
        """Run a printed command; with sudo, as root."""
        user, self.as_user = self.as_user, self.as_user and not command.startswith("sudo ")
        super().cure(command)
        self.as_user = user

    def give_to_user(self) -> None:
        """Make the user the owner of the home, and all further commands the user's."""
        # Outside the namespace, whose mounts of this machine's directories do not exist here.
        words = ["find", str(self.home), "-xdev", "-exec", "chown", "-h", f"{UID}:{UID}", "{}", "+"]
        subprocess.run(words, check=True)
        self.as_user = True

    def replay(self, path: Path) -> subprocess.Popen[bytes]:
        """A replay as the daemon on the unix socket *path* of the namespace; it is a real peer."""
        words = [*apispy_command(), "replay", str(SAMPLE), "--repeat-last", "--listen", f"unix://{path}"]
        log = self.home / "replay.err"
        with log.open("wb") as err:
            process = subprocess.Popen(
                self.words(*words),
                env=os.environ | {"HOME": str(self.home / "of-replay"), "XDG_RUNTIME_DIR": ""},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=err,
                start_new_session=True,
            )
        self.stack.callback(_end, process)
        until(lambda: "apispy: ready" in log.read_text(), 30, f"the replay to be ready: {log.read_text()}")
        return process

    def service(self, words: str, command: str, path: Path) -> None:
        """The stand-in for systemctl: `systemctl WORDS` runs *command* in the background until *path* is there."""
        log, pid = self.home / "service.log", self.home / "service.pid"
        self.program(
            "systemctl",
            f'[ "$*" = {shlex.quote(words)} ] || exit 1\nmkdir -p {path.parent}; rm -f {path}\n'
            f"setsid {command} </dev/null >{log} 2>&1 & echo $! >{pid}\n"
            f"for _ in $(/usr/bin/seq 200); do [ -S {path} ] && exit 0; sleep 0.1; done; exit 1",
        )
        self.stack.callback(_end_by_file, pid)

    def replay_service(self, words: str, path: Path) -> None:
        command = shlex.join(
            [*apispy_command(), "replay", str(SAMPLE), "--repeat-last", "--listen", f"unix://{path}"]
        )
        self.service(words, f"env HOME={self.home}/of-replay XDG_RUNTIME_DIR= {command}", path)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGCONT)
        os.killpg(process.pid, signal.SIGTERM)
    process.wait(10)


def _end_by_file(file: Path) -> None:
    if file.exists() and file.read_text().strip():
        try:
            os.kill(int(file.read_text()), signal.SIGTERM)
        except ProcessLookupError:
            pass


def _missing_socket(place: RealPlace) -> None:
    place.replay_service("start docker", Path("/run/docker.sock"))


def _stale_socket(place: RealPlace) -> None:
    path = place.home / "run/docker.sock"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))
    place.environ["DOCKER_HOST"] = f"unix://{path}"
    place.replay_service("--user start docker", path)


def _directory(place: RealPlace) -> None:
    subprocess.run(place.words("mkdir", "/run/docker.sock"), check=True)
    place.replay_service("start docker", Path("/run/docker.sock"))


def _podman_off(place: RealPlace) -> None:
    path = place.home / "run/podman/podman.sock"
    place.environ["DOCKER_HOST"] = f"unix://{path}"
    place.service("--user enable --now podman.socket", f"/usr/bin/podman --root {place.home}/pr --runroot {place.home}/prr "
                  f"--storage-driver vfs --cgroup-manager cgroupfs system service --time 0 unix://{path}", path)  # fmt: skip


def _no_group(place: RealPlace) -> None:
    place.replay(Path("/run/docker.sock"))
    subprocess.run(place.words("chgrp", "docker", "/run/docker.sock"), check=True)
    subprocess.run(place.words("chmod", "660", "/run/docker.sock"), check=True)
    place.give_to_user()


def _not_logged_in(place: RealPlace) -> None:
    _no_group(place)
    subprocess.run([*place.namespace, "usermod", "-aG", "docker", USER], check=True)
    place.groups = "--clear-groups"


def _home_of_root(place: RealPlace) -> None:
    place.daemon(place.home / "d.sock")
    place.give_to_user()
    place.environ |= {"DOCKER_HOST": f"unix://{place.home}/d.sock", "XDG_RUNTIME_DIR": ""}
    (place.home / ".local/share").mkdir(parents=True)
    for folder in (place.home / ".local", place.home / ".local/share"):
        os.chown(folder, 0, 0)


def _runtime_of_another(place: RealPlace) -> None:
    place.daemon(place.home / "d.sock")
    place.give_to_user()
    os.chown(place.home / "run", 0, 0)
    place.environ["DOCKER_HOST"] = f"unix://{place.home}/d.sock"


def _read_only(place: RealPlace) -> None:
    place.daemon(place.home / "run/d.sock")
    place.environ |= {"DOCKER_HOST": f"unix://{place.home}/run/d.sock", "XDG_RUNTIME_DIR": ""}
    data = place.home / ".local/share"
    data.mkdir(parents=True)
    subprocess.run(place.words("mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(data)), check=True)


def _terminal(place: RealPlace) -> None:
    place.daemon(place.home / "d.sock")
    place.environ |= {"DOCKER_HOST": f"unix://{place.home}/d.sock", "PYTHONIOENCODING": "iso-8859-1"}


def _suspended(place: RealPlace) -> None:
    place.daemon(place.home / "d.sock")
    place.environ["DOCKER_HOST"] = f"unix://{place.home}/d.sock"
    words = ["--listen", f"unix://{place.home}/a.sock", "--upstream", f"unix://{place.home}/d.sock"]
    spy = Apispy.start(place.home / "spy", *words, env={"XDG_RUNTIME_DIR": f"{place.home}/run"})
    place.stack.callback(spy.kill)
    os.kill(spy.pid, signal.SIGSTOP)
    place.values["pid"] = spy.pid


def _clock(place: RealPlace) -> None:
    """libfaketime sets the clock that commands see; the stand-in for timedatectl sets it right, as NTP would."""
    place.pki()
    place.tls()
    when = place.home / "clock"
    when.write_text("-30d\n")
    [library, *_] = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    place.environ |= {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(when),
        "FAKETIME_NO_CACHE": "1",
    }
    place.program("timedatectl", f'[ "$*" = "set-ntp true" ] && echo +0 >{when}')


def _current_context(place: RealPlace) -> None:
    place.daemon(place.home / "d.sock")
    (place.home / "bin/docker").symlink_to("/usr/bin/docker")
    docker_context(place.docker, "prod", f"unix://{place.home}/prod.sock")
    (place.docker / "config.json").write_text('{"currentContext": "prod"}')
    place.replay(Path("/run/docker.sock"))


def _old_package(place: RealPlace, name: str, version: str, newer: str) -> None:
    """An older package in a directory before the installed ones, into which pip installs from a local file."""
    place.daemon(place.home / "d.sock")
    packages, wheels = place.home / "packages", place.home / "wheels"
    wheels.mkdir()
    stem = name.replace("-", "_")
    info = packages / f"{stem}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    with zipfile.ZipFile(wheels / f"{stem}-{newer}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(
            f"{stem}-{newer}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {newer}\n"
        )
        wheel.writestr(
            f"{stem}-{newer}.dist-info/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        wheel.writestr(f"{stem}-{newer}.dist-info/RECORD", "")
    place.environ |= {
        "DOCKER_HOST": f"unix://{place.home}/d.sock",
        "PYTHONPATH": f"{packages}:{place.environ['PYTHONPATH']}",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
        "PIP_TARGET": str(place.home / "installed"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }

    def use() -> None:  # what pip has installed takes the place of the older package
        shutil.rmtree(packages)
        (place.home / "installed").rename(packages)

    place.after = use


def _old_extra(place: RealPlace) -> None:
    _old_package(place, "prometheus-client", "0.9.0", "0.30.0")


def _untested_mitmproxy(place: RealPlace) -> None:
    _old_package(place, "mitmproxy", "13.0.0", "12.3.9")


REAL_FAULTS = (
    Fault("socket-missing", "docker's socket is missing", "daemon", "unix:///var/run/docker.sock: no such socket",
          "systemctl start docker", _missing_socket),  # type: ignore[arg-type]
    Fault("socket-stale", "the socket of a rootless Docker that has ended", "daemon",
          "unix://{home}/run/docker.sock: connection refused, nothing is listening on this socket",
          "systemctl --user start docker", _stale_socket),  # type: ignore[arg-type]
    Fault("socket-directory", "a directory where docker's socket should be", "daemon",
          "unix:///var/run/docker.sock is a directory: docker makes one if a container mounts a missing socket",
          "rmdir /var/run/docker.sock; systemctl start docker", _directory),  # type: ignore[arg-type]
    Fault("podman-off", "Podman's socket is off", "daemon", "unix://{home}/run/podman/podman.sock: no such socket",
          "systemctl --user enable --now podman.socket", _podman_off),  # type: ignore[arg-type]
    Fault("no-group", "the user is not in the socket's group", "daemon",
          "unix:///var/run/docker.sock: permission denied on the socket; it belongs to the group docker, and {user} is "
          "not in it", "sudo usermod -aG docker {user}", _no_group),  # type: ignore[arg-type]
    Fault("not-logged-in", "the user has joined the group, but has not logged in since", "daemon",
          "unix:///var/run/docker.sock: permission denied on the socket; it belongs to the group docker",
          "newgrp docker", _not_logged_in),  # type: ignore[arg-type]
    Fault("current-context", "the current context's daemon does not respond, with a docker CLI", "daemon",
          "unix://{home}/prod.sock (docker context 'prod', currentContext): no such socket",
          "docker context use default", _current_context),  # type: ignore[arg-type]
    Fault("clock", "the clock is wrong, so that the daemon's certificate is not yet valid", "daemon",
          "tcp://127.0.0.1:{port}: TLS verification failed: its certificate is not yet valid (the local clock says {now}); "
          "the clock of this machine is {seconds} s behind the daemon's", "timedatectl set-ntp true", _clock),  # type: ignore[arg-type]
    Fault("data-of-root", "apispy's data directory belongs to root", "directories",
          "{home}/.local/share/apispy/certs cannot be written: you may not write to {home}/.local/share",
          "sudo chown -R {user} {home}/.local/share", _home_of_root),  # type: ignore[arg-type]
    Fault("runtime-of-another", "`XDG_RUNTIME_DIR` is another user's (after `su` or `sudo -E`)", "directories",
          "{home}/run/apispy cannot be written: you may not write to {home}/run, in XDG_RUNTIME_DIR",
          "unset XDG_RUNTIME_DIR", _runtime_of_another),  # type: ignore[arg-type]
    Fault("read-only", "the data directory is on a read-only file system", "directories",
          "{home}/.local/share/apispy/certs cannot be written: {home}/.local/share is on a file system that is read-only",
          'export XDG_DATA_HOME="$(mktemp -d)"', _read_only),  # type: ignore[arg-type]
    Fault("terminal", "a terminal without UTF-8", "terminal",
          "the output is in iso8859-1: characters that it does not have are shown as escapes",
          "unset PYTHONIOENCODING; export LC_ALL=C.UTF-8", _terminal, "note"),  # type: ignore[arg-type]
    Fault("suspended", "a running apispy is suspended (Ctrl-Z), and its clients wait", "listener",
          "apispy (pid {pid}) at unix://{home}/a.sock is suspended, so its clients wait", "kill -CONT {pid}", _suspended),  # type: ignore[arg-type]
    Fault("old-extra", "an optional package is too old", "extras",
          "prometheus-client 0.9.0 is too old for apispy[prometheus], which needs 0.22",
          "{python} -m pip install --upgrade 'prometheus-client>=0.22'", _old_extra),  # type: ignore[arg-type]
    Fault("untested-mitmproxy", "a mitmproxy that apispy is not tested with", "mitmproxy",
          "13.0.0, which apispy is not tested with",
          "{python} -m pip install --force-reinstall 'mitmproxy>=12.2,<12.4'", _untested_mitmproxy, "note"),  # type: ignore[arg-type]
)  # fmt: skip

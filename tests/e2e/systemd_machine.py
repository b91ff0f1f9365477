"""A systemd that is process 1 of namespaces of its own, over this machine's root, which it cannot change.

Only journald and what a test starts run in it: no unit of this machine does. The root is an overlay; /dev, /run and the
cgroups are its own. The kernel ends all of it with process 1.
"""

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .wait import until

ROOT = Path(__file__).parents[2]
PROGRAMS = ("systemd-analyze", "systemctl", "journalctl", "unshare", "nsenter", "setpriv")
"""What this machine must have, besides root's rights."""

SYSTEMD = "/lib/systemd/systemd"

# Of the units that every service waits for, only the journal is left; cleaning /tmp alone would take a minute.
_ENTER = """set -e
over=$1 socket=$2 python=$3 packages=$4 source=$5 merged=$1/merged
mount -t overlay overlay -o "lowerdir=/,upperdir=$over/upper,workdir=$over/work" "$merged"
mount -t proc proc "$merged/proc"
mount --bind "$merged/proc/sys" "$merged/proc/sys"
mount -o remount,bind,ro "$merged/proc/sys"
mount -t sysfs -o ro sysfs "$merged/sys"
mount -t cgroup2 cgroup2 "$merged/sys/fs/cgroup"
mount -t tmpfs tmpfs "$merged/dev"
mkdir "$merged/dev/shm" "$merged/dev/pts"
for node in null zero full random urandom tty; do cp -a "/dev/$node" "$merged/dev/"; done
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$merged/dev/pts"
ln -s pts/ptmx "$merged/dev/ptmx"
ln -s /proc/self/fd "$merged/dev/fd"
mount -t tmpfs -o mode=755 tmpfs "$merged/run"
touch "$merged/run/docker.sock"
mount --bind "$socket" "$merged/run/docker.sock"
units=$merged/etc/systemd/system
rm -rf "$units" "$merged"/lib/systemd/system/*.target.wants
mkdir "$units"
printf '[Unit]\\nWants=systemd-journald.service\\nDefaultDependencies=no\\n' >"$units/sysinit.target"
printf '[Unit]\\nRequires=sysinit.target\\nAfter=sysinit.target\\n' >"$units/e2e.target"
rm -rf "$merged/opt/apispy"
mkdir -p "$merged/opt/apispy/bin" "$merged/opt/apispy/python" "$merged/opt/apispy/packages" "$merged/opt/apispy/source"
mount --bind "$python" "$merged/opt/apispy/python"
mount --bind "$packages" "$merged/opt/apispy/packages"
mount --bind "$source" "$merged/opt/apispy/source"
cp "$over/apispy" "$merged/opt/apispy/bin/apispy"
mkdir "$merged/outside"
cd "$merged"
pivot_root . outside
umount -l /outside
exec env -i container=apispy-e2e PATH=/usr/sbin:/usr/bin:/sbin:/bin {SYSTEMD} --unit=e2e.target
""".replace("{SYSTEMD}", SYSTEMD)

_PROGRAM = """#!/bin/sh
export LD_LIBRARY_PATH=/opt/apispy/python/lib PYTHONPATH=/opt/apispy/source:/opt/apispy/packages
exec /opt/apispy/python/bin/python{version} -m apispy "$@"
"""


def _cgroups() -> Path:
    """Return where cgroup v2 is mounted. RuntimeError if it is not."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, point, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(point)
    raise RuntimeError("cgroup2 is not mounted")


def _packages() -> Path:
    """Return the directory of the packages that apispy needs: that of this Python, or one that it refers to."""
    own = Path(sysconfig.get_paths()["purelib"])
    return next(Path(one) for one in (own, *sys.path) if Path(one, "click/__init__.py").exists())


@dataclass
class SystemdMachine:
    """The namespaces, and the programs in them. apispy is at /opt/apispy/bin/apispy, the daemon at /run/docker.sock."""

    holder: subprocess.Popen[bytes]
    overlay: Path
    cgroup: Path
    pid: int = 0  # of systemd, as seen from outside

    @classmethod
    def start(cls, socket: str) -> "SystemdMachine":
        """Start systemd on a machine where *socket* is /run/docker.sock. RuntimeError says what this machine lacks."""
        overlay = Path(tempfile.mkdtemp(prefix="as-systemd-", dir="/tmp"))
        overlay.chmod(0o755)
        for name in ("upper", "work", "merged"):
            (overlay / name).mkdir()
        (overlay / "apispy").write_text(
            _PROGRAM.format(version=f"{sys.version_info[0]}.{sys.version_info[1]}")
        )
        (overlay / "apispy").chmod(0o755)
        cgroup = _cgroups() / f"apispy-e2e-{os.getpid()}"
        cgroup.mkdir()
        inside = [
            *["unshare", "--mount", "--pid", "--cgroup", "--uts", "--ipc", "--fork", "--kill-child"],
            "--propagation",
            "private",
        ]
        words = ["sh", "-c", _ENTER, "sh", *map(str, (overlay, socket, sys.base_prefix, _packages(), ROOT))]
        log = (overlay / "log").open("wb")
        holder = subprocess.Popen(
            ["sh", "-c", f"echo 0 >{cgroup}/cgroup.procs && exec {shlex.join([*inside, *words])}"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        started = cls(holder, overlay, cgroup)
        try:
            until(started._runs, 30, f"systemd to start; its log: {overlay}/log", every=0.05)
        except BaseException:
            started.stop()
            raise
        return started

    def _runs(self) -> bool:
        if self.holder.poll() is not None:
            raise RuntimeError(f"systemd does not start: {(self.overlay / 'log').read_text()}")
        children = Path(f"/proc/{self.holder.pid}/task/{self.holder.pid}/children").read_text().split()
        if not children or Path(f"/proc/{children[0]}/comm").read_text() != "systemd\n":
            return False
        self.pid = int(children[0])
        return self.run("systemctl", "is-active", "e2e.target", check=False).stdout == "active\n"

    @property
    def root(self) -> Path:
        """The root directory, as seen from outside."""
        return Path(f"/proc/{self.pid}/root")

    def outside(self, pid: int) -> int:
        """Return what a process is numbered outside."""
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                numbers = next(
                    line for line in status.read_text().splitlines() if line.startswith("NSpid:")
                ).split()
                same = os.readlink(status.parent / "ns/pid") == os.readlink(f"/proc/{self.pid}/ns/pid")
            except (OSError, StopIteration):  # it has ended
                continue
            if same and int(numbers[-1]) == pid:
                return int(status.parent.name)
        raise AssertionError(f"process {pid} has ended")

    def run(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a program inside."""
        enter = ["nsenter", "--target", str(self.pid), "--mount", "--pid", "--cgroup", "--uts", "--ipc", "--"]
        done = subprocess.run([*enter, *words], capture_output=True, text=True, timeout=60, check=False)
        assert not check or done.returncode == 0, (words, done.returncode, done.stdout, done.stderr)
        return done

    def unit(self, path: Path) -> None:
        """Install a unit."""
        (self.root / "etc/systemd/system" / path.name).write_bytes(path.read_bytes())
        self.run("systemctl", "daemon-reload")

    def property(self, unit: str, name: str) -> str:
        """Return a property of a unit."""
        return self.run("systemctl", "show", "--value", "-p", name, unit).stdout.strip()

    def journal(self, unit: str) -> str:
        """Return the messages of a unit so far."""
        return self.run("journalctl", "--no-pager", "-o", "cat", "-u", unit).stdout

    def stop(self) -> None:
        """End process 1, and with it all others, and remove what was made."""
        self.holder.kill()  # --kill-child
        self.holder.wait(30)
        below = [path for path in self.cgroup.rglob("*") if path.is_dir()]
        until(lambda: not (self.cgroup / "cgroup.procs").read_text(), 30, "the processes to end", every=0.05)
        for path in (*sorted(below, reverse=True), self.cgroup):
            until(lambda path=path: _removed(path), 30, f"the end of {path}", every=0.05)  # type: ignore[misc]
        shutil.rmtree(self.overlay)


def _removed(cgroup: Path) -> bool:
    try:
        cgroup.rmdir()
    except OSError:
        return False
    return True

"""A Debian in a directory beside this machine's: sid with the current Docker Engine, CLI, Compose, buildx and Podman,
or another Debian, or an Ubuntu.

The directory is made once by debootstrap and kept (`ROOTS`). Each run of the tests enters it in a mount namespace of
its own, with an overlay over it: the kept directory never changes, two runs do not meet, and the kernel undoes every
mount when the last process in the namespace ends.
"""

import fcntl
import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .wait import until

ROOTS = Path(os.environ.get("APISPY_E2E_ROOTS", "/var/cache/apispy-e2e"))
SUITE = "sid"
PACKAGES = "docker.io docker-cli docker-compose docker-buildx podman iptables procps curl openssh-client openssh-server"
PROGRAMS = ("debootstrap", "unshare", "nsenter")
"""What this machine must have, besides root's rights."""

UBUNTU = "http://archive.ubuntu.com/ubuntu"
UBUNTU_SUITES = ("noble",)  # 24.04
UBUNTU_KEYS = "pool/main/u/ubuntu-keyring/ubuntu-keyring_2023.11.28.1_all.deb"
UBUNTU_KEYS_SHA256 = "36de43b15853ccae0028e9a767613770c704833f82586f28eb262f0311adb8a8"
"""The keys that sign Ubuntu's archive. Debian 12 has no package of them, so this digest stands for its signature."""

# Without the first file the packages' scripts would start services; apt's settings are this machine's (a proxy, dates).
# The lines after the packages are more of apt's sources.
_INSTALL = """set -e
printf '#!/bin/sh\\nexit 101\\n' >"$1/usr/sbin/policy-rc.d"; chmod 755 "$1/usr/sbin/policy-rc.d"
cp /etc/apt/apt.conf.d/* "$1/etc/apt/apt.conf.d/" 2>/dev/null || true
cp /etc/resolv.conf /etc/hosts "$1/etc/"
for at in proc sys dev; do mount --rbind /$at "$1/$at"; done
export DEBIAN_FRONTEND=noninteractive
printf '%s' "$3" >>"$1/etc/apt/sources.list"
chroot "$1" apt-get update -qq
chroot "$1" apt-get install -y -qq --no-install-recommends $2
chroot "$1" apt-get clean
rm -rf "$1"/var/lib/apt/lists/*
"""

# The root becomes a mount point (dockerd remounts it), and the root of the namespace. /sys has the machine's cgroups;
# /dev its terminals, /proc its processes: clients inside and tests outside mean the same by the same names, and so do
# they by paths below the directories after the second word. Where the upper directory cannot be one of an overlay (it is itself on an overlay, as
# in a container), the kept directory itself is used.
_ENTER = """set -e
root=$1 over=$2 merged=$2/merged
shift 2
mount -t overlay overlay -o "lowerdir=$root,upperdir=$over/upper,workdir=$over/work" "$merged" 2>/dev/null ||
    mount --bind "$root" "$merged"
for at in proc sys dev; do mount --rbind /$at "$merged/$at"; done
mount -t tmpfs tmpfs "$merged/run"
mkdir -p "$merged/outside"
for at in "$@"; do mkdir -p "$merged$at"; mount --bind "$at" "$merged$at"; done
cd "$merged"
pivot_root . outside
umount -l /outside
echo entered
exec cat
"""


def mirror() -> str:
    """Return the mirror that this machine's apt uses."""
    for line in Path("/etc/apt/sources.list.d/debian.sources").read_text().splitlines():
        if line.startswith("URIs: "):
            return line.split()[1]
    return "http://deb.debian.org/debian"


def kept_directory(name: str, make: Callable[[Path], None]) -> Path:
    """Return the directory *name* of ROOTS, which *make* fills if it is not there. Others who need it wait meanwhile."""
    kept = ROOTS / name
    ROOTS.mkdir(parents=True, exist_ok=True)
    with (ROOTS / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            unfinished = Path(tempfile.mkdtemp(prefix=f"{name}.unfinished-", dir=ROOTS))
            unfinished.chmod(0o755)
            try:
                make(unfinished)
                unfinished.rename(kept)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
    return kept


def kept_root(suite: str = SUITE, packages: str = PACKAGES) -> Path:
    """Return the kept directory, which is made in 90 s (on a busy machine, 6 minutes) if it is not there. RuntimeError if that fails."""
    other = "" if packages == PACKAGES else f"-{hashlib.sha256(packages.encode()).hexdigest()[:8]}"
    name = f"{suite}{other}"
    return kept_directory(name, lambda root: _make(root, suite, packages, ROOTS / f"{name}.log"))


def _make(root: Path, suite: str, packages: str, log: Path) -> None:
    options, archive, more = [], [mirror()], ""
    if suite in UBUNTU_SUITES:
        options = ["--components=main,universe", f"--keyring={_ubuntu_keys(root)}"]
        archive = [
            UBUNTU,
            "/usr/share/debootstrap/scripts/gutsy",
        ]  # of any Ubuntu, known to debootstrap or not
        more = f"deb {UBUNTU} {suite}-updates main universe\n"
    options += ["--variant=minbase", "--include=ca-certificates"]
    with log.open("w") as out:
        for words in (
            ["debootstrap", *options, suite, f"{root}", *archive],
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", _INSTALL, "sh", f"{root}", packages, more],
        ):  # fmt: skip
            done = subprocess.run(
                words, stdin=subprocess.DEVNULL, stdout=out, stderr=out, timeout=900, check=False
            )
            if done.returncode:
                raise RuntimeError(
                    f"{shlex.join(words[:3])} ended with {done.returncode}; its log, {log}, ends with:\n"
                    + log.read_text()[-2000:]
                )


def ubuntu_answers() -> bool:
    """Whether Ubuntu's archive can be reached, which is not Debian's, and may not be where Debian's is."""
    try:
        with urllib.request.urlopen(f"{UBUNTU}/dists/{UBUNTU_SUITES[0]}/InRelease", timeout=20) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _ubuntu_keys(root: Path) -> Path:
    """Unpack the keys that sign Ubuntu's archive below *root*, where Ubuntu has them too, and return their file."""
    with urllib.request.urlopen(f"{UBUNTU}/{UBUNTU_KEYS}", timeout=60) as answer:
        package = answer.read()
    found = hashlib.sha256(package).hexdigest()
    if found != UBUNTU_KEYS_SHA256:
        raise RuntimeError(f"{UBUNTU}/{UBUNTU_KEYS}: expected SHA-256 {UBUNTU_KEYS_SHA256}, found {found}")
    subprocess.run(["dpkg-deb", "--extract", "/dev/stdin", f"{root}"], input=package, timeout=60, check=True)
    return root / "usr/share/keyrings/ubuntu-archive-keyring.gpg"


@dataclass
class ModernRoot:
    """The namespace, which one process holds open. `enter` are the words before a command that is to run inside."""

    holder: subprocess.Popen[bytes]
    overlay: Path
    tools: Path  # scripts that run the root's programs: docker, podman

    @classmethod
    def start(
        cls, place: Path, suite: str = SUITE, packages: str = PACKAGES, shared: Sequence[Path] = ()
    ) -> "ModernRoot":
        """Enter the root with the directories *place* and *shared*, which have the same path inside and outside."""
        overlay = Path(tempfile.mkdtemp(prefix="as-root-", dir="/tmp"))
        for name in ("upper", "work", "merged"):
            (overlay / name).mkdir()
        words = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _ENTER]
        holder = subprocess.Popen(
            [*words, "sh", str(kept_root(suite, packages)), str(overlay), str(place), *map(str, shared)],
            stdin=subprocess.PIPE,  # it ends with us, at the latest
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        started = cls(holder, overlay, place / f"{suite}-tools")
        assert holder.stdout
        if holder.stdout.readline() != b"entered\n":
            started.stop()
            raise RuntimeError(f"the mounts of {overlay} failed; the error is on stderr")
        started.tools.mkdir()
        for name in ("docker", "podman"):
            started._program(name)
        return started

    @property
    def enter(self) -> list[str]:
        return ["nsenter", "--target", str(self.holder.pid), "--mount", "--"]

    def _program(self, name: str) -> None:
        """Write the script that runs the root's program of that *name*, from outside and from inside."""
        at = self.tools / name
        at.write_text(
            f"#!/bin/sh\n[ -e /proc/{self.holder.pid}/ns/mnt ] || exit 125\n"
            f'[ /proc/{self.holder.pid}/ns/mnt -ef /proc/self/ns/mnt ] && exec /usr/bin/{name} "$@"\n'
            f'exec {shlex.join(self.enter)} bash -c \'cd "$0" && exec -a {name} /usr/bin/{name} "$@"\' "$PWD" "$@"\n'
        )
        at.chmod(0o755)

    def run(self, *words: str) -> str:
        """Run a command inside, and return what it prints."""
        done = subprocess.run([*self.enter, *words], check=True, capture_output=True, text=True, timeout=60)
        return done.stdout

    def stop(self) -> None:
        """End the holder and what is left inside, and wait until the namespace is gone."""
        for pid in self._inside():
            os.kill(pid, signal.SIGKILL)
        self.holder.communicate(timeout=10)
        until(lambda: not self._inside(), 10, "the processes of the modern root to end")
        shutil.rmtree(self.overlay, ignore_errors=True)

    def _inside(self) -> list[int]:
        """The processes in the namespace: the holder is the last of them to be listed, and to be killed."""
        namespace = self._namespace(self.holder.pid)
        if namespace == self._namespace(os.getpid()):  # it ended before it had one of its own
            return []
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != self.holder.pid]
        return [pid for pid in pids if namespace and self._namespace(pid) == namespace]

    @staticmethod
    def _namespace(pid: int) -> str:
        try:
            return os.readlink(f"/proc/{pid}/ns/mnt")
        except OSError:
            return ""

"""What ``apispy explain`` says of docker commands is what docker 28 sends: everything is recorded again.

The fixture `modern` is a root directory with docker 28, Compose and buildx (../shared/modern-engine.sh makes one), in
which a daemon with an empty store runs.
"""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .cli_recorder import DATA, FLAG_DATA, Recorder, flag_recordings, recordings
from .daemon import BUSYBOX
from .wait import until

pytestmark = pytest.mark.timeout(1800)  # 240 commands and 280 examples of flags

HOME = f"/apispy-explain-{os.getpid()}"

PREPARE = """mkdir -p image/bin image/etc image/tmp; cp {busybox} image/bin/busybox
for name in sh sleep true echo ps; do ln -sf busybox image/bin/$name; done; echo root:x:0:0:root:/:/bin/sh >image/etc/passwd
tar -C image -c . | docker import -c 'CMD ["sh"]' -c 'ENV PATH=/bin' - busybox
docker swarm init --advertise-addr 127.0.0.1 --listen-addr 127.0.0.1:23777"""


@pytest.fixture(scope="module")
def modern() -> Path:
    root = os.environ.get("APISPY_E2E_ROOT28", "")
    if not root:
        pytest.skip("APISPY_E2E_ROOT28 names no root directory with docker 28")
    return Path(root)


@pytest.fixture(scope="module")
def recorder(modern: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorder]:
    outside = modern / HOME[1:]
    (outside / "work").mkdir(parents=True)
    options = (
        f"--data-root {HOME}/d --exec-root {HOME}/x --pidfile {HOME}/d.pid -H unix://{HOME}/d.sock".split()
    )
    with (outside / "log").open("wb") as log:
        daemon = subprocess.Popen(
            ["chroot", str(modern), "dockerd", "--experimental", "--iptables=false", "--ip6tables=false",
             "--bridge=none", *options], stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        recorder = Recorder(["chroot", str(modern)], HOME, outside, tmp_path_factory.mktemp("recorder"))
        until(lambda: (outside / "d.sock").exists(), 60, "the daemon to listen")
        (outside / "busybox").write_bytes(BUSYBOX.read_bytes())
        (outside / "busybox").chmod(0o755)
        line = PREPARE.format(busybox=f"{HOME}/busybox")
        subprocess.run(recorder.shell(line, "d.sock"), check=True, capture_output=True, timeout=120)
        yield recorder
        subprocess.run(
            recorder.shell("docker rm -f $(docker ps -aq); docker swarm leave -f", "d.sock"), check=False
        )
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(60)
        mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
        for at in reversed(mounts):
            if at.startswith(f"{outside}/"):
                subprocess.run(["umount", "-l", at], check=False)
        shutil.rmtree(outside, ignore_errors=True)


def operations(entry: dict[str, Any]) -> Any:
    """Return the calls in order, or as a set where the order varies."""
    names = [call[0] for call in entry["calls"]]
    return set(names) if entry.get("together") else names


def test_commands_send_what_is_explained(recorder: Recorder) -> None:
    known = {(entry["line"], entry.get("when")): entry for entry in json.loads(DATA.read_text())}
    found = {(entry["line"], entry.get("when")): entry for entry in recordings(recorder)}
    assert set(found) == set(known)
    assert {key: operations(entry) for key, entry in found.items()} == {
        key: operations(entry) for key, entry in known.items()
    }


def test_flags_become_what_is_explained(recorder: Recorder) -> None:
    known = {entry["line"]: entry for entry in json.loads(FLAG_DATA.read_text())}
    assert {entry["line"]: entry for entry in flag_recordings(recorder)} == known

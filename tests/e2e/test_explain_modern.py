"""What ``apispy explain`` says of docker commands is what the modern docker sends: everything is recorded again.

Commands and flags are recorded at the same time, each with a daemon of its own: it is experimental, a swarm manager,
and commands remove everything that is in it. With --rewrite-golden, what is recorded becomes the data.
"""

import json
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from apispy.learn.explain.flag_effects import EFFECTS

from .cli_effect_rows import PARTS
from .cli_recorder import DATA, FLAG_DATA, Recorder, flag_recordings, recordings, write
from .daemon import BUSYBOX, Daemon
from .flag_recorder import effect_recordings, write_effects
from .modern_root import ModernRoot
from .row import ENGINE, MODERN

pytestmark = [
    pytest.mark.timeout(1200),  # 240 commands and 280 examples of flags
    pytest.mark.skipif(ENGINE != MODERN, reason="`make e2e-modern` runs this"),
]

PREPARE = """mkdir -p image/bin image/etc image/tmp; cp {busybox} image/bin/busybox
for name in sh sleep true echo ps; do ln -sf busybox image/bin/$name; done; echo root:x:0:0:root:/:/bin/sh >image/etc/passwd
tar -C image -c . | docker import -c 'CMD ["sh"]' -c 'ENV PATH=/bin' - busybox
docker swarm init --advertise-addr 127.0.0.1 --listen-addr 127.0.0.1:{port}"""

Entries = list[dict[str, Any]]

RECORDED: dict[str, tuple[Callable[[Recorder], Entries], int]] = {
    "commands": (recordings, 23777),  # the port that the rows of swarms have
    "flags": (flag_recordings, 23778),
    **{
        f"effects-{name}": (partial(effect_recordings, groups=groups), port)
        for port, (name, groups) in enumerate(PARTS.items(), 23779)
    },
}
"""What is recorded, and the port of the swarm of its daemon."""


@pytest.fixture(scope="module")
def recorded(place: Path, modern_root: ModernRoot) -> Iterator[dict[str, Future[Entries]]]:
    with ThreadPoolExecutor(len(RECORDED)) as pool:
        yield {name: pool.submit(record, name, place, modern_root) for name in RECORDED}


def record(name: str, place: Path, root: ModernRoot) -> Entries:
    recording, port = RECORDED[name]
    home = place / f"explain-{name}"
    daemon = Daemon(home, ["--experimental", "-H", f"unix://{home}/d.sock"], root)
    try:
        for directory in ("work", "spies"):
            (home / directory).mkdir()
        (home / "busybox").write_bytes(BUSYBOX.read_bytes())
        (home / "busybox").chmod(0o755)
        recorder = Recorder(root.enter, str(home), home, home / "spies")
        line = PREPARE.format(busybox=f"{home}/busybox", port=port)
        subprocess.run(recorder.shell(line, "d.sock"), check=True, capture_output=True, timeout=120)
        entries = recording(recorder)
        recorder.direct("docker rm -f $(docker ps -aq); docker swarm leave -f")
        return entries
    finally:
        daemon.stop()


def operations(entry: dict[str, Any]) -> Any:
    """Return the calls in order, or as a set where the order varies."""
    names = [call[0] for call in entry["calls"]]
    return set(names) if entry.get("together") else names


def test_commands_send_what_is_explained(
    recorded: dict[str, Future[Entries]], pytestconfig: pytest.Config
) -> None:
    if pytestconfig.getoption("--rewrite-golden"):
        write(DATA, recorded["commands"].result())
    known = {(entry["line"], entry.get("when")): entry for entry in json.loads(DATA.read_text())}
    found = {(entry["line"], entry.get("when")): entry for entry in recorded["commands"].result()}
    assert set(found) == set(known)
    assert {key: operations(entry) for key, entry in found.items()} == {
        key: operations(entry) for key, entry in known.items()
    }


def test_flags_become_what_is_explained(
    recorded: dict[str, Future[Entries]], pytestconfig: pytest.Config
) -> None:
    if pytestconfig.getoption("--rewrite-golden"):
        write(FLAG_DATA, recorded["flags"].result())
    known = {entry["line"]: in_order(entry) for entry in json.loads(FLAG_DATA.read_text())}
    assert {entry["line"]: in_order(entry) for entry in recorded["flags"].result()} == known


def test_flags_change_what_is_explained(
    recorded: dict[str, Future[Entries]], pytestconfig: pytest.Config
) -> None:
    found = [entry for name in PARTS for entry in recorded[f"effects-{name}"].result()]
    if pytestconfig.getoption("--rewrite-golden"):
        write_effects(found)
    known = json.loads(EFFECTS.read_text())
    assert by_line(found) == by_line(known)


def by_line(entries: Entries) -> dict[Any, Any]:
    return {(entry["line"], entry["flag"], entry.get("when", "")): entry for entry in entries}


def in_order(entry: dict[str, Any]) -> dict[str, Any]:
    """The entry with what the CLI keeps in a map of Go, and sends in any order, sorted."""
    body = entry.get("body") or {}
    return entry | {
        "body": body | {name: sorted(body[name]) for name in ("Env", "HostConfig.Binds") if body.get(name)}
    }

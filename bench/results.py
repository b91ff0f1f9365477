"""The results of a run, as stored in RESULTS.json."""

import json
import os
import platform
import subprocess
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

RESULTS = Path(__file__).with_name("RESULTS.json")


@dataclass
class Results:
    """The results of a run. *values*: the figure of each round, by measure, transport and setup."""

    when: str = ""
    machine: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, dict[str, list[float]]]] = field(default_factory=dict)

    def add(self, measure: str, transport: str, setup: str, value: float) -> None:
        self.values.setdefault(measure, {}).setdefault(transport, {}).setdefault(setup, []).append(value)

    def value(self, measure: str, transport: str, setup: str) -> float | None:
        """Return the median of the rounds; None if nothing was measured."""
        found = self.rounds(measure, transport, setup)
        return median(found) if found else None

    def rounds(self, measure: str, transport: str, setup: str) -> list[float]:
        """Return the figure of each round; [] if nothing was measured."""
        return self.values.get(measure, {}).get(transport, {}).get(setup, [])

    def save(self, path: Path = RESULTS) -> None:
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def load(cls, path: Path = RESULTS) -> "Results":
        return cls(**json.loads(path.read_text()))


def machine() -> str:
    """Describe the machine: cores, memory, kernel, load."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "?")
    total = int(Path("/proc/meminfo").read_text().split()[1]) >> 20
    busy = f"load average {os.getloadavg()[0]:.1f} when it began"
    return f"{os.cpu_count()} cores ({model}), {total} GB, Linux {platform.release()}, loopback; {busy}"


VERSIONS = {
    "nginx": ("nginx", "-v"),
    "haproxy": ("haproxy", "-v"),
    "socat": ("socat", "-V"),
    "wrk": ("wrk", "-v"),
    "dockerd": ("dockerd", "--version"),
}


def versions() -> dict[str, str]:
    from importlib.metadata import version

    found = {
        "Python": platform.python_version(),
        "mitmproxy": version("mitmproxy"),
        "apispy": version("apispy"),
    }
    for name, command in VERSIONS.items():
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        words = (done.stdout + done.stderr).split()
        word = next((word for word in words if any(map(str.isdigit, word))), "?")
        found[name] = word.strip(",").rpartition("/")[2]  # nginx/1.22.1
    return found

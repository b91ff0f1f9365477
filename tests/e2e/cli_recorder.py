"""Records the calls of docker commands, with apispy in front of a daemon in a root directory.

test_explain_modern.py runs it, and with --rewrite-golden writes what it records as the data of ``apispy explain``.
"""

import json
import os
import pty
import re
import signal
import subprocess
import tempfile
import termios
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from apispy.learn.explain.docker_cli import parse
from apispy.learn.explain.docker_flags import FLAGS

from . import cli_flag_rows
from .apispy_process import Apispy
from .cli_rows import NAMES, ROWS, C, N, Row, S, V

DATA = Path(__file__).parents[2] / "apispy/learn/explain/data/recorded.json"
FLAG_DATA = Path(__file__).parents[2] / "tests/unit/learn/explain/recorded_flags.json"
COMPOSE = """name: explain-project
services:
  web:
    image: explain-image
    init: true
    command: sleep 600
    ports: ["80"]
    volumes: ["data:/data"]
volumes: {data: {}}
"""
FILES = {
    "Dockerfile": "FROM busybox\nENV A=b\n",
    "docker-bake.hcl": 'group "default" { targets = ["web"] }\ntarget "web" {}\n',
    "other.hcl": 'group "default" { targets = ["two"] }\ntarget "two" { args = { COLOR = "blue" } }\n',
    "compose.yaml": COMPOSE,
    "build.yaml": """name: explain-project
services:
  web:
    build: .
    image: explain-built
    init: true
    command: sleep 600
    develop: {watch: [{action: sync, path: ., target: /src}]}
""",
    "changed.yaml": COMPOSE.replace("sleep 600", "sleep 601"),
    "orphan.yaml": COMPOSE.replace(
        "volumes: {", "  db:\n    image: explain-image\n    init: true\n    command: sleep 600\nvolumes: {"
    ),
    "anon.yaml": """name: explain-project
services:
  web:
    image: explain-image
    init: true
    command: sleep 600
    volumes: ["/data"]
""",
    "two.yaml": """name: explain-project
services:
  web:
    image: explain-image
    init: true
    command: sleep 600
    depends_on: {db: {condition: service_started, restart: true}}
  db:
    image: explain-image
    init: true
    command: sleep 600
""",
    "job.yaml": """name: explain-project
services:
  web:
    image: explain-image
    command: echo done
""",
    "brief.yaml": """name: explain-project
services:
  web:
    image: explain-image
    command: sleep 3
""",
    "more.yaml": """services:
  web:
    image: 127.0.0.1:1/explain-image
    command: sleep 600
  db:
    image: 127.0.0.1:1/explain-image
    command: sleep 600
""",
    "stack.yaml": """services:
  web:
    image: 127.0.0.1:1/explain-image
    command: sleep 600
    secrets: [one]
    configs: [two]
secrets: {one: {file: ./stack.yaml}}
configs: {two: {file: ./stack.yaml}}
""",
}
"""The files in the working directory."""

IDS = re.compile(r"sha256:[0-9a-f]{12,64}|\b[0-9a-f]{64}\b|\b[0-9a-f]{12}\b|\b[0-9a-z]{25}\b")
FLAGS_BEFORE = f"{C}; {N}; {V}; touch FILE; rm -f cid; $D tag IMAGE REMOTE; {S}"
"""What the examples of flags need."""

LEFT_OUT = ("SystemPingHead",)

Call = list[Any]
"""Operation ID, path arguments, query parameters, and whether it was made more than once."""


@dataclass
class Recorder:
    """Runs commands inside of a root, through apispy or directly to the daemon."""

    enter: list[str]  # the words before a command that is to run inside
    home: str  # a directory inside for all that the recording leaves; the daemon's socket d.sock is there
    outside: Path  # the same directory from outside
    where: Path  # for apispy's output
    refusals: list[str] = field(
        default_factory=list
    )  # of each row: the last line on stderr if it failed, else ""

    def prepare(self) -> None:
        work = self.outside / "work"
        work.mkdir(parents=True, exist_ok=True)
        for name, text in FILES.items():
            (work / name).write_text(text)
        self.direct("$D tag busybox IMAGE")

    def shell(self, line: str, socket: str) -> list[str]:
        """Return the command that runs a shell *line* in the root; $D is docker."""
        for name, value in NAMES.items():
            line = re.sub(rf"\b{name}\b", value, line)
        line = f"cd {self.home}/work; export HOME={self.home} D=docker DOCKER_HOST=unix://{self.home}/{socket}; {line}"
        return [*self.enter, "sh", "-c", line]

    def direct(self, line: str) -> None:
        if line:
            subprocess.run(
                self.shell(line, "d.sock"), stdin=subprocess.DEVNULL, capture_output=True, timeout=120
            )

    def record(self, rows: tuple[Row, ...]) -> list[tuple[Row, list[dict[str, Any]]]]:
        """Return the calls of each row as apispy's JSON objects, by the times between which they began."""
        self.prepare()
        self.refusals.clear()
        spy = Apispy.start(
            Path(tempfile.mkdtemp(dir=self.where)) / "spy", "--listen", f"unix://{self.outside}/spy.sock", "--upstream",
            f"unix://{self.outside}/d.sock", "--json", "-vv", "--show-secrets",
        )  # fmt: skip
        spans = []
        try:
            for row in rows:
                self.direct(row.before)
                before = time.time()
                self._run(row, "spy.sock")
                spans.append((before, time.time()))
                self.direct(row.after)
        finally:
            spy.process.send_signal(signal.SIGINT)
            spy.process.wait(30)
        shown = map(json.loads, spy.out.splitlines())
        calls = sorted((one for one in shown if "notice" not in one), key=lambda call: str(call["started"]))
        return [(row, [call for call in calls if first <= started(call) <= last])
                for row, (first, last) in zip(rows, spans, strict=True)]  # fmt: skip

    def _run(self, row: Row, socket: str) -> None:
        line = f"exec {row.line}" if row.seconds else row.line
        line = line.replace("$($D ", f"$(DOCKER_HOST=unix://{self.home}/d.sock docker ")
        if row.tty:
            self.refusals.append("")
            return self._run_on_tty(self.shell(line, socket), row.seconds or 60)
        with (self.where / "err").open("w+b") as err:
            process = subprocess.Popen(self.shell(line, socket), stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=err, start_new_session=True)  # fmt: skip
            try:
                process.wait(row.seconds or 60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGINT)
                try:
                    process.wait(3)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
            err.seek(0)
            lines = err.read().decode(errors="replace").strip().splitlines()
        self.refusals.append((lines or ["it failed"])[-1] if process.returncode else "")

    def _run_on_tty(self, command: list[str], seconds: float) -> None:
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (24, 80))
        process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        os.close(ours)


def placeholders(value: Any) -> Any:
    """Replace what differs between recordings, and the words of NAMES, by placeholders."""
    if not isinstance(value, str):
        return value
    for name, word in sorted(NAMES.items(), key=lambda pair: -len(pair[1])):
        if name not in ("DIR", "NODE"):
            value = re.sub(rf"(?<![\w-]){re.escape(word)}(?![\w-])", name, value)
    return IDS.sub("ID", value)


def summary(calls: list[dict[str, Any]]) -> list[Call]:
    """Return each operation once, in the order of the first calls."""
    found: dict[str, Call] = {}
    for call in calls:
        name = call["operation"] or f"{call['method']} {call['path']}"
        if name in LEFT_OUT:
            continue
        if name in found:
            found[name][3] = True
            continue
        arguments = {key: placeholders(value) for key, value in call["arguments"].items()}
        found[name] = [name, arguments, {key: placeholders(value) for key, value in call["query"]}, False]
    return list(found.values())


def started(call: dict[str, Any]) -> float:
    return datetime.fromisoformat(call["started"]).timestamp()


def recordings(recorder: Recorder, rows: tuple[Row, ...] = ROWS) -> list[dict[str, Any]]:
    """Record *rows* as the entries of the data file."""
    return [_entry(row, calls) for row, calls in recorder.record(rows)]


def line_of(row: Row) -> str:
    return re.sub(r"\$\(.*?\)", "NODE", row.line)


def _entry(row: Row, calls: list[dict[str, Any]]) -> dict[str, Any]:
    entry = {
        "command": parse(line_of(row).split()).name,
        "line": line_of(row),
        "when": row.when,
        "ping": any(call["operation"] == "SystemPingHead" for call in calls),
        "together": row.any_order,
        "calls": summary(calls),
    }
    return {name: value for name, value in entry.items() if value not in ("", False)}


def flag_line(example: tuple[str, str, str]) -> str:
    return " ".join(" ".join(example).split())


def flag_recordings(recorder: Recorder) -> list[dict[str, Any]]:
    """Record the examples of flags: the query and what of the body differs from that without flags."""
    examples = cli_flag_rows.lines()
    recorder.prepare()
    recorder.direct(FLAGS_BEFORE)
    rows = tuple(Row(flag_line(one), seconds=2 if "logs -f" in flag_line(one) else 0) for one in examples)
    found = []
    bare: Any = None
    for (command, flags, _), (row, calls) in zip(examples, recorder.record(rows), strict=True):
        operation = FLAGS[parse(command.split()).name][0]
        call = next((call for call in calls if call["operation"] == operation), None)
        body = call["request"]["body"] if call else None
        if not flags:
            bare = body
            continue
        query = [[name, placeholders(value)] for name, value in call["query"]] if call else []
        entry = {"line": line_of(row), "sent": bool(call), "query": query}
        if isinstance(body, dict):
            entry["body"] = (
                changed(bare, body) if bare else {name: one for name, one in body.items() if _is_set(one)}
            )
        found.append(entry)
    return found


def _is_set(value: Any) -> bool:
    return any(map(_is_set, value.values())) if isinstance(value, dict) else bool(value)


def changed(bare: dict[str, Any], body: dict[str, Any], before: str = "") -> dict[str, Any]:
    """Return the values of *body* that differ, by dotted path; of a map that was empty, the whole map."""
    found: dict[str, Any] = {}
    for name, value in body.items():
        other = bare.get(name)
        if isinstance(value, dict) and isinstance(other, dict) and other:
            found |= changed(other, value, f"{before}{name}.")
        elif value != other:
            found[f"{before}{name}"] = json.loads(placeholders(json.dumps(value)))
    return found


def write(path: Path, entries: list[dict[str, Any]]) -> None:
    path.write_text("[\n" + ",\n".join(json.dumps(entry) for entry in entries) + "\n]\n")

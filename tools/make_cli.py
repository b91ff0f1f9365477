"""Writes apispy/learn/explain/data/cli.json: the commands of the docker CLI and their flags, from its --help.

    python tools/make_cli.py chroot /tmp/engine28 env DOCKER_HOST=unix:///lab/d.sock docker

The daemon must be a swarm manager and experimental: the CLI lists only what its daemon can do. Only names are kept.
Each command has "flags" (its long name, or the short one of a flag without; "" for a flag without a value, else the
type of the value), "short" (long names by short ones), "aliases" (other spellings), and "usage" (its arguments).
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[1] / "apispy/learn/explain/data/cli.json"
COMMAND = re.compile(r"^  ([a-z][\w-]*)\*?  ", re.MULTILINE)
FLAG = re.compile(r"^ {2,6}(?:(-\w), )?(--[\w-]+|-\w)(?: ([\w-]+))?(?: {2,}|$)", re.MULTILINE)


def main(docker: list[str]) -> None:
    commands: dict[str, Any] = {}
    todo: list[tuple[str, ...]] = [()]
    while todo:
        words = todo.pop()
        text = subprocess.run([*docker, *words, "--help"], capture_output=True, text=True, check=True).stdout
        children = [(*words, name) for name in commands_of(text)]
        todo += children
        commands[" ".join(("docker", *words))] = described(text, bool(children))
    DATA.write_text(
        json.dumps(dict(sorted(commands.items())), separators=(",", ":")).replace('},"docker', '},\n"docker')
        + "\n"
    )


def commands_of(text: str) -> list[str]:
    names = []
    for section in re.split(r"\n(?=\S)", text):
        if re.match(r"(\w+ )*Commands:", section):
            names += COMMAND.findall(section)
    return names


def described(text: str, group: bool) -> dict[str, Any]:
    options = re.search(r"^(?:Global )?Options:\n(.*?)(?:\n\n|\Z)", text, re.MULTILINE | re.DOTALL)
    flags = FLAG.findall(options[1]) if options else []
    aliases = re.search(r"^Aliases:\n(.*?)(?:\n\n|\Z)", text, re.MULTILINE | re.DOTALL)
    usage = re.search(r"^Usage:\s+docker(?: [a-z-]+)*\s*(.*)", text, re.MULTILINE)
    entry = {
        "flags": {long: kind for _, long, kind in flags},
        "short": {short: long for short, long, _ in flags if short},
        "aliases": [one.strip() for one in aliases[1].split(",")] if aliases else [],
        "usage": usage[1].replace("[OPTIONS] ", "").replace("[OPTIONS]", "") if usage and not group else "",
        "group": group,
    }
    return {name: value for name, value in entry.items() if value}


if __name__ == "__main__":
    main(sys.argv[1:])

"""python -m fuzz [--seconds N] [TARGET ...]: fuzz each target so long, with atheris. Exit code 1 when one fails.

A corpus grows in fuzz/corpus/TARGET (not kept in git). An input that fails is written to fuzz/finds/TARGET/, where
tests/fuzz finds it: commit it with the mend.
"""

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=(__doc__ or "").split(":")[1])
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default 60)")
    asked = parser.parse_args()
    from fuzz.targets import TARGETS

    if unknown := set(asked.targets) - set(TARGETS):
        parser.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    failed = [name for name in asked.targets or TARGETS if not _fuzzed(name, asked.seconds)]
    print(f"fuzz: {', '.join(failed)} failed, see fuzz/finds" if failed else "fuzz: nothing found")
    return 1 if failed else 0


def _fuzzed(name: str, seconds: int) -> bool:
    from fuzz.seeds import seeds

    corpus, finds = HERE / "corpus" / name, HERE / "finds" / name
    corpus.mkdir(parents=True, exist_ok=True)
    finds.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(name)):
        (corpus / f"seed-{number}").write_bytes(seed)
    print(f"fuzz: {name}, {seconds} s, from {len(list(corpus.iterdir()))} inputs", flush=True)
    options = [
        f"-max_total_time={seconds}",
        f"-artifact_prefix={finds}/",
        "-timeout=20",
        "-rss_limit_mb=2048",
    ]
    command = [sys.executable, "-m", "fuzz.one", name, *options, "-verbosity=1", "-print_final_stats=1"]
    done = subprocess.run([*command, str(corpus)], cwd=HERE.parent, timeout=seconds + 300, check=False)
    if not any(finds.iterdir()):
        finds.rmdir()
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())

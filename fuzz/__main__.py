"""python -m fuzz [--seconds N] [TARGET ...]: fuzz each target for N seconds with atheris. Exit code 1 if one fails.

As many targets as there are processors run at the same time.

The corpus grows in fuzz/corpus/TARGET (not in git). A failing input is written to fuzz/finds/TARGET/, and
tests/unit/test_fuzz.py runs it: commit it together with the fix.
"""

import argparse
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=(__doc__ or "").split(":")[1])
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    parser.add_argument("--seconds", type=int, default=60, help="seconds per target (default 60)")
    options_given = parser.parse_args()
    from fuzz.targets import TARGETS

    if unknown := set(options_given.targets) - set(TARGETS):
        parser.error(f"unknown target {', '.join(sorted(unknown))}; expected one of {', '.join(TARGETS)}")
    names = options_given.targets or list(TARGETS)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        passed = pool.map(lambda name: _fuzz(name, options_given.seconds), names)
        failed = [name for name, has_passed in zip(names, passed, strict=True) if not has_passed]
    print(f"fuzz: {', '.join(failed)} failed, see fuzz/finds" if failed else "fuzz: no failures")
    return 1 if failed else 0


def _fuzz(name: str, seconds: int) -> bool:
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

"""`make dist`: build the two distributions of a release, each as an sdist and a wheel.

    python tools/make_dist.py DIRECTORY

apispy-core is the checkout with another pyproject.toml: another name, and the packages of the proxy in an extra.
`apispy` is packaging/apispy. It needs `build` and uv, of the dependency group "packages".
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

PROXY = ("mitmproxy", "cryptography", "pyOpenSSL")
"""What only the proxy needs, and listeners with TLS: the dependencies of apispy that apispy-core has in an extra."""

FILES = ("LICENSE", "README.md")


def core_project(text: str) -> str:
    """Return the pyproject.toml of apispy-core, made of the text of that of apispy. Raises ValueError."""
    lines = []
    for name in PROXY:
        found = re.search(rf'(?m)^    "{name}>=.*\n', text)
        if found is None:
            raise ValueError(
                f'pyproject.toml: expected a line that begins with "{name}>=" in the dependencies'
            )
        lines.append(found[0])
        text = text.replace(found[0], "", 1)
    extra = "[project.optional-dependencies]\nproxy = [\n" + "".join(lines) + "]\n"
    text = text.replace("[project.optional-dependencies]\n", extra, 1)
    return text.replace('\nname = "apispy"\n', '\nname = "apispy-core"\n', 1)


def main(directory: str) -> None:
    """Build both. Raises CalledProcessError."""
    with tempfile.TemporaryDirectory() as made:
        core = Path(made) / "apispy-core"
        shutil.copytree(ROOT / "apispy", core / "apispy", ignore=shutil.ignore_patterns("__pycache__"))
        for name in FILES:
            shutil.copy(ROOT / name, core)
        (core / "pyproject.toml").write_text(core_project((ROOT / "pyproject.toml").read_text()))
        for tree in (core, ROOT / "packaging/apispy"):
            command = [sys.executable, "-m", "build", "--installer", "uv", "--outdir", directory, str(tree)]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The third step of action.yml: a page of the calls, and their permissions and story in the summary of the job.

It reads the inputs from APISPY_*, and writes to the files that GITHUB_STEP_SUMMARY and GITHUB_OUTPUT name. The exit
code is 1 if there are new permissions and APISPY_FAIL_ON_NEW is "true", or if the calls cannot be read; else 0.
"""

import html
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

TEMP = Path(os.environ["RUNNER_TEMP"])
APISPY = TEMP / "apispy/bin/apispy"

type Permission = tuple[str, str, str]
"""Operation, method and path."""


def apispy(*words: object) -> str:
    """Run apispy, and return what it prints; its messages go to the log of the job."""
    return subprocess.run([APISPY, *map(str, words)], stdout=subprocess.PIPE, text=True, check=True).stdout


def permissions_in(report: dict[str, Any]) -> dict[Permission, list[str]]:
    """Return the permissions in what `apispy permissions --json` prints, each with why it is dangerous."""
    return {
        (one["operation"], one["method"], one["path"]): [danger["reason"] for danger in one["dangers"]]
        for one in report["permissions"]
    }


def cell(text: str) -> str:
    """Return *text* as a cell of a table of Markdown. Recorded data cannot end the cell or be markup."""
    return html.escape(text).replace("|", "&#124;").replace("`", "&#96;").replace("\n", " ")


def table(found: dict[Permission, list[str]], known: dict[Permission, list[str]] | None) -> list[str]:
    """Return the lines of the table of permissions; with *known*, they are compared."""
    lines = ["| | permission | request | dangerous because |", "| --- | --- | --- | --- |"]
    for key in sorted({*found, *(known or ())}):
        mark = "" if known is None or (key in found and key in known) else "new" if key in found else "unused"
        reasons = found.get(key) or (known or {}).get(key, [])
        operation, method, path = map(cell, key)
        lines.append(f"| {mark} | {operation} | {method} {path} | {cell('; '.join(reasons))} |")
    return lines


def block(text: str) -> list[str]:
    """Return *text* as preformatted lines, which recorded data cannot end."""
    return ["<pre>", html.escape(text.rstrip("\n")), "</pre>"]


def main() -> int:
    calls = Path(os.environ["APISPY_FIXTURE"] or TEMP / "calls.jsonl")
    if not calls.exists():
        print("::warning::apispy has no calls to report: the step before failed, or made none")
        return 0
    page = TEMP / "apispy.html"
    apispy("export", calls, "--to", "html", "--force", "-o", page)
    report = json.loads(apispy("permissions", "--json", calls))
    found, known = permissions_in(report), None
    if baseline := os.environ["APISPY_PERMISSIONS"]:
        known = permissions_in(json.loads(Path(baseline).read_text()))
    new = sorted({key[0] for key in found if known is not None and key not in known})
    title = f"## Docker API: {report['calls']} calls, {len(found)} permissions"
    lines = [title + (f", {len(new)} new" if new else ""), "", *table(found, known), ""]
    lines += [
        "<details><summary>What was done</summary>",
        "",
        *block(apispy("story", calls)),
        "",
        "</details>",
        "",
    ]
    with open(os.environ["GITHUB_STEP_SUMMARY"], "a") as summary:
        summary.write("\n".join(lines) + "\n")
    with open(os.environ["GITHUB_OUTPUT"], "a") as output:
        output.write(f"calls={calls}\npage={page}\nnew-permissions={' '.join(new)}\n")
    if new and os.environ["APISPY_FAIL_ON_NEW"] == "true":
        update = f"apispy permissions --json {calls} > {baseline}"
        print(
            f"::error::permissions that {baseline} does not have: {' '.join(new)}. To accept them: {update}"
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The work of ``apispy fixture``."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from apispy.app.messages import info, result
from apispy.errors import ApispyError, UsageError
from apispy.fixtures import tidy
from apispy.fixtures.check import check
from apispy.fixtures.files import document_at, exchanges_of, is_fixture_at, load, save, session_info
from apispy.fixtures.prune import played_numbers, prune
from apispy.fixtures.tidy import SessionInfo
from apispy.redaction import Policy, parse

if TYPE_CHECKING:
    from apispy.model import Exchange
    from apispy.redaction.policy import Env

MOST = 20
"""Findings that are told of one file."""


def tidy_file(
    file: Path, output: Path | None, *, force: bool, redact: Sequence[str], redact_env: "Env"
) -> int:
    """Raises ApispyError."""
    fixture = is_fixture_at(file)
    if output is None and not fixture:
        raise UsageError(f"{file} is no fixture, and is not overwritten with one. Name the fixture: -o FILE")
    if output is not None and output.exists() and not force:
        raise UsageError(f"-o {output}: there is a file already. Name another one, or add --force.")
    exchanges, told = load(file) if fixture else _calls(file)
    save(tidy(exchanges, told, Policy(redact_env, parse(redact))), output or file)
    info(f"{len(exchanges)} calls are in {output or file} now")
    return 0


def _calls(file: Path) -> "tuple[Sequence[Exchange], SessionInfo]":
    """Of whatever ``apispy import`` reads."""
    from apispy.app.input_files import imported
    from apispy.importers import recognise

    return (
        load(file)
        if recognise(file) == "capture"
        else (imported(file, limit=1 << 26).exchanges, SessionInfo())
    )


def check_files(files: Sequence[Path], played: Path | None, redact_env: "Env") -> int:
    """The exit code: 1 if something is wrong. Raises ApispyError when *played* cannot be read."""
    numbers = {file: played_numbers(played, file) for file in files} if played else {}
    code = 0
    for file in files:
        try:
            code |= _check(file, numbers.get(file), Policy(redact_env))
        except ApispyError as error:
            result(str(error))
            code = 1
    return code


def _check(file: Path, played: frozenset[int] | None, policy: Policy) -> int:
    document = document_at(file)
    exchanges = exchanges_of(document, file)
    unused = frozenset(
        str(call["call"])
        for number, call in enumerate(document["exchanges"], 1)
        if played is not None and number not in played
    )
    told, text = session_info(document, file), file.read_bytes()
    findings = check(document, exchanges, told, text=text, unused=unused, policy=policy)
    for finding in findings[:MOST]:
        place = f"{file}, {finding.call}" if finding.call else str(file)
        result(f"{place}: {finding.text}" if finding.fails else f"{place}: note: {finding.text}")
    if len(findings) > MOST:
        result(f"{file}: and {len(findings) - MOST} more")
    fails = any(one.fails for one in findings)
    if not fails:
        result(f"{file}: {len(exchanges)} calls, in order")
    return int(fails)


def prune_file(file: Path, played: Path) -> int:
    """Raises ApispyError."""
    document = document_at(file)
    numbers = played_numbers(played, file)
    calls = [str(call["call"]) for call in document["exchanges"]]
    kept = frozenset(call for number, call in enumerate(calls, 1) if number in numbers)
    if not kept:
        raise ApispyError(f"{file} is left as it is: nothing of it was played, so nothing would be left.")
    pruned, dropped = prune(document, exchanges_of(document, file), session_info(document, file), kept)
    if dropped:
        save(pruned, file)
    for call in dropped:
        result(f"dropped {call}")
    info(f"{len(kept)} of {len(calls)} calls are left in {file}")
    return 0

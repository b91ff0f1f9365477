"""Fixtures: made from captures, checked and pruned."""

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
from apispy.units import count

if TYPE_CHECKING:
    from apispy.model import Exchange
    from apispy.redaction.policy import Env

MAX_FINDINGS = 20
"""Findings that are printed for one file."""


def tidy_file(
    file: Path, output: Path | None, *, force: bool, redact: Sequence[str], redact_env: "Env"
) -> None:
    """Make a fixture of *file*, in *output* or in place. *force* replaces an existing *output*. Raises ApispyError."""
    fixture = is_fixture_at(file)
    if not fixture:
        _recognise(file)
    if output is None and not fixture:
        raise UsageError(f"{file} is not a fixture, so it is not replaced by one. Name the fixture: -o FILE")
    if output is not None and output.exists() and not force:
        raise UsageError(f"-o {output}: the file exists. Name another one, or add --force.")
    exchanges, described = load(file) if fixture else _calls(file)
    save(tidy(exchanges, described, Policy(redact_env, parse(redact))), output or file)
    info(f"wrote {count(len(exchanges), 'calls')} to {output or file}")


def _calls(file: Path) -> "tuple[Sequence[Exchange], SessionInfo]":
    """Read the calls of any file that `apispy import` reads."""
    from apispy.app.input_files import read_calls

    return (
        load(file)
        if _recognise(file) == "capture"
        else (read_calls(file, limit=1 << 26).exchanges, SessionInfo())
    )


def _recognise(file: Path) -> str:
    """Return the format of *file*. Raises ApispyError if it cannot be read, or has none."""
    from apispy.importers import recognise  # imported late: `check` and `prune` do without

    return recognise(file)


def check_files(files: Sequence[Path], played: Path | None, redact_env: "Env") -> bool:
    """Print what is wrong with *files*. Return whether all are good. Raises ApispyError if *played* cannot be read."""
    numbers = {file: played_numbers(played, file) for file in files} if played else {}
    good = True
    for file in files:
        try:
            good &= _check(file, numbers.get(file), Policy(redact_env))
        except ApispyError as error:
            result(str(error))
            good = False
    return good


def _check(file: Path, played: frozenset[int] | None, policy: Policy) -> bool:
    document = document_at(file)
    exchanges = exchanges_of(document, file)
    unused = frozenset(
        str(call["call"])
        for number, call in enumerate(document["exchanges"], 1)
        if played is not None and number not in played
    )
    described, text = session_info(document, file), file.read_bytes()
    findings = check(document, exchanges, described, text=text, unused=unused, policy=policy)
    for finding in findings[:MAX_FINDINGS]:
        place = f"{file}, {finding.call}" if finding.call else str(file)
        result(f"{place}: {finding.text}" if finding.fails else f"{place}: note: {finding.text}")
    if len(findings) > MAX_FINDINGS:
        result(f"{file}: and {len(findings) - MAX_FINDINGS} more")
    good = not any(finding.fails for finding in findings)
    if good:
        result(f"{file}: {count(len(exchanges), 'calls')}, in order")
    return good


def prune_file(file: Path, played: Path) -> None:
    """Drop the calls of the fixture *file* that the report *played* does not have. Raises ApispyError."""
    document = document_at(file)
    numbers = played_numbers(played, file)
    calls = [str(call["call"]) for call in document["exchanges"]]
    kept = frozenset(call for number, call in enumerate(calls, 1) if number in numbers)
    if not kept:
        raise ApispyError(f"{file} is unchanged: none of its calls was played, so none would be left.")
    pruned, dropped = prune(document, exchanges_of(document, file), session_info(document, file), kept)
    if dropped:
        save(pruned, file)
    for call in dropped:
        result(f"dropped {call}")
    info(f"kept {len(kept)} of {count(len(calls), 'calls')} in {file}")

"""Permissions and checks as lines of text. They contain text from the wire: escape them before printing."""

from apispy.learn.explain.layout import BLANK, Line, table, table_rows
from apispy.learn.permissions.check import Check, Refused
from apispy.learn.permissions.usage import Client, Level, Permission, Usage
from apispy.learn.wording import count

TITLES: dict[Level, str] = {"read": "Read", "write": "Write", "dangerous": "Dangerous"}


def usage_lines(usage: Usage, width: int) -> list[Line]:
    """Format the permissions: reads, writes, and those that are dangerous, each with the reasons."""
    permissions = usage.permissions
    lines = [Line(f"{count(usage.calls, 'call')}, {count(len(permissions), 'permission')}", "bold")]
    lines += table([(count(one.calls, "call"), _client(one)) for one in usage.clients], width)
    for level, title in TITLES.items():
        if found := [one for one in permissions if one.level == level]:
            lines += [
                BLANK,
                Line(title, "warn" if level == "dangerous" else "bold"),
                *_permissions(found, width),
            ]
    if usage.left_out:
        lines += [BLANK, Line(f"{count(usage.left_out, 'call')} more: too many different requests")]
    return lines


def _permissions(found: list[Permission], width: int) -> list[Line]:
    cells = [(str(one.calls).rjust(5), one.operation.id or "?", _request(one)) for one in found]
    lines = []
    for permission, row in zip(found, table_rows(cells, width), strict=True):
        lines += row  # several lines if it is wrapped
        for reason, first in permission.dangers.items():
            lines.append(Line(f"         ! {reason} ({first})", "warn"))
    return lines


def _request(permission: Permission) -> str:
    return f"{permission.method} {permission.template}"


def _client(client: Client) -> str:
    count = len(client.processes)
    processes = (
        [f"pid {client.processes.copy().pop()}"] if count == 1 else [f"{count} processes"] if count else []
    )
    about = ", ".join(filter(None, [client.process, *processes]))
    return f"{client.agent or 'no User-Agent'}{f' ({about})' if about else ''}"


def check_lines(check: Check, width: int) -> list[Line]:
    """Format the result of a check."""
    lines: list[Line] = []
    if check.refused:
        lines += [Line("Refused", "warn"), *table([_refused(one) for one in check.refused], width)]
    if check.unused:
        lines += [*([BLANK] if lines else []), Line("Rules that no call needs", "bold")]
        lines += [Line(f"  {rule}") for rule in check.unused]
    verdict = f"{check.calls - check.refused_calls} of {count(check.calls, 'call')} allowed"
    if check.refused_calls:
        verdict += f", {check.refused_calls} refused"
    return [*lines, *([BLANK] if lines else []), Line(f"{verdict}.")]


def _refused(one: Refused) -> tuple[str, ...]:
    return str(one.calls).rjust(5), one.name, f"{one.method} {one.template} ({one.first}): {one.reason}"

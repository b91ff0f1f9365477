"""``--fault`` and ``--allow-host``: what looks at requests before they pass."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from apispy import endpoints
from apispy.endpoints import Listen
from apispy.gate import BrowserGuard, FaultRule, Gate

if TYPE_CHECKING:
    from apispy.certs import ServerFiles


def gate(
    where: Listen,
    files: "ServerFiles | None",
    faults: Sequence[FaultRule],
    allow_hosts: Sequence[str] = (),
    aliases: Callable[[str], tuple[str, ...]] = lambda name: (name,),
) -> Gate | None:
    """For a listener at *where*; None if there is nothing to look for: a browser reaches only plaintext TCP."""
    guard = None
    if where.kind == "tcp" and files is None:
        guard = BrowserGuard([*endpoints.certificate_hosts(where), *allow_hosts])
    return Gate(faults, guard, aliases=aliases) if faults or guard else None

"""Tecnativa's and linuxserver's docker-socket-proxy: HAProxy with switches in the environment.

Source: their haproxy.cfg (Tecnativa a6fbf38, linuxserver ab9f088); the order of its rules, and what HAProxy takes for
true, were tried with HAProxy 2.6. A path is matched percent-decoded, regardless of case, and as a prefix.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from apispy.errors import UsageError
from apispy.learn.permissions.paths import SECTIONS, Request, compiled, pattern_of
from apispy.learn.permissions.targets.base import Decision, Grant, Target, remark_all
from apispy.learn.permissions.usage import Permission, Usage
from apispy.structs import Struct

DEFAULTS = {"EVENTS": "1", "PING": "1", "VERSION": "1"}
"""Switches that are on unless the environment turns them off."""

ACTIONS = {
    "ALLOW_RESTARTS": "(stop|restart|kill)",
    "ALLOW_START": "start",
    "ALLOW_STOP": "stop",
    "ALLOW_PAUSE": "pause",
    "ALLOW_UNPAUSE": "unpause",
}
"""Switches for single actions on containers, and the pattern of the action."""

GUARDS = {
    "ALLOW_ARCHIVE": "archive",
    "ALLOW_CHANGES": "change",
    "ALLOW_EXPORT": "export",
    "ALLOW_LOGS": "logs",
    "ALLOW_TOP": "top",
}
"""Linuxserver's switches without which CONTAINERS does not open these reads."""

READS = ("GET", "HEAD")
_VERSION = r"^(/v[0-9.]+)?"
_NAME = "[a-zA-Z0-9_.-]+"
_NUMBER = re.compile(r"\s*([+-]?\d+)")
_SETTING = re.compile(
    r"""^\s*(?:-\s+)?(?:-e\s+|--env[ =])?["']?([A-Z][A-Z_]*)["']?\s*[=:]\s*(?:"([^"]*)"|'([^']*)'|([^#"']*))"""
)


def is_on(value: str) -> bool:
    """Whether HAProxy takes the value of a switch for true: a number other than 0. "true" and "yes" are not."""
    found = _NUMBER.match(value)
    return found is not None and int(found[1]) != 0


def section_path(switch: str) -> str:
    return "/_ping" if switch == "PING" else f"/{switch.lower()}"


class Switches(Struct, frozen=True):
    """The switches that are on. *is_linuxserver* selects the order of linuxserver's rules."""

    on: frozenset[str]
    is_linuxserver: bool

    @property
    def rules(self) -> Sequence[str]:
        return [f"{switch}=1" for switch in sorted(self.on)]

    def decide(self, request: Request) -> Decision:
        switches, reason = self.opened_by(request)
        order = sorted(self.on)
        return Decision(not reason, tuple(order.index(switch) for switch in switches), reason)

    def opened_by(self, request: Request) -> tuple[tuple[str, ...], str]:
        """The switches that let the request pass, or why none does. Follows the order of the configuration's rules."""
        path, is_read = request.full_path, request.method in READS
        guard, action = self._guard(path), self._action(path)
        if guard and guard not in self.on:
            return (), f"{guard} is off"
        if self.is_linuxserver and action:
            return (action,), ""
        if not is_read and "POST" not in self.on:
            return (), "POST is off"
        post = () if is_read else ("POST",)
        if action:
            return (*post, action), ""
        section = self._section(path)
        if section in self.on:
            return (*post, *([guard] if guard else ()), section), ""
        return (), f"{section} is off" if section else "no switch opens this path"

    def _guard(self, path: str) -> str:
        """The guard that decides about the path before all other rules; "" for none."""
        if not self.is_linuxserver:
            return ""
        names = f"{_VERSION}(/libpod)?/(containers|pods)/{_NAME}/"
        return next((switch for switch, action in GUARDS.items() if _matches(names + action, path)), "")

    def _action(self, path: str) -> str:
        """The switch for a single action, if one that is on allows the path."""
        names = f"{_VERSION}(/libpod)?/(containers|pods)" if self.is_linuxserver else f"{_VERSION}/containers"
        return next(
            (
                switch
                for switch, action in self.actions.items()
                if switch in self.on and _matches(f"{names}/{_NAME}/{action}", path)
            ),
            "",
        )

    @property
    def actions(self) -> dict[str, str]:
        """The switches for single actions that the proxy has."""
        known = ACTIONS if self.is_linuxserver else list(ACTIONS)[:3]
        return {switch: ACTIONS[switch] for switch in known}

    def _section(self, path: str) -> str:
        """The switch of the section that the path is in; "" for none."""
        found = [switch for switch in sorted(SECTIONS) if _matches(_VERSION + section_path(switch), path)]
        if self.is_linuxserver:
            podman = [switch for switch in self.on if switch.startswith("LIBPOD_")]
            found += [one for one in podman if _matches(f"{_VERSION}/libpod{section_path(one[7:])}", path)]
        on = [switch for switch in found if switch in self.on]
        return (on or found or [""])[0]


def _matches(pattern: str, path: str) -> bool:
    return bool(compiled(f"(?i:{pattern})").match(path))


# -- writing --


class Needs(Struct, frozen=True):
    """The switches that permissions need, each with these permissions; and permissions that no switch opens."""

    switches: dict[str, list[Permission]]
    impossible: list[Permission]


def needs_of(permissions: Iterable[Permission], *, is_linuxserver: bool) -> Needs:
    """Choose the switches: those of single actions, such as ALLOW_START, only where their section stays closed."""
    everything = Switches(frozenset((*SECTIONS, *GUARDS, "POST")), is_linuxserver)
    needs = Needs({}, [])
    single: list[tuple[str, Permission]] = []
    for permission in permissions:
        switches, reason = everything.opened_by(_sample(permission))
        action = _single_action(permission, everything.actions)
        if reason:
            needs.impossible.append(permission)
        elif action:
            single.append((action, permission))
        else:
            _need(needs, switches, permission)
    for action, permission in sorted(single, key=lambda one: one[0] != "ALLOW_RESTARTS"):  # it opens stop too
        post = () if is_linuxserver else ("POST",)
        switches, reason = Switches(frozenset((*needs.switches, *post)), is_linuxserver).opened_by(
            _sample(permission)
        )
        _need(needs, (*post, action) if reason else switches, permission)
    return needs


def _need(needs: Needs, switches: Iterable[str], permission: Permission) -> None:
    for switch in switches:
        needs.switches.setdefault(switch, []).append(permission)


def _single_action(permission: Permission, actions: dict[str, str]) -> str:
    """The narrowest switch for a POST of a single action on a container; "" for none."""
    form = [part.text for part in permission.parts]
    if permission.method != "POST" or len(form) != 4 or form[1] != "containers" or permission.parts[3].name:
        return ""
    return next((switch for switch in reversed(actions) if re.fullmatch(actions[switch], form[3])), "")


def _sample(permission: Permission) -> Request:
    path = "/".join("ab12" if part.name else part.text for part in permission.parts)
    return Request(permission.method, path, path)


def _grant(usage: Usage, *, is_linuxserver: bool) -> Grant:
    needs = needs_of(usage.permissions, is_linuxserver=is_linuxserver)
    policy = Switches(frozenset(needs.switches), is_linuxserver)
    image = "lscr.io/linuxserver/socket-proxy" if is_linuxserver else "tecnativa/docker-socket-proxy"
    lines = [
        "services:",
        "  socket-proxy:",
        f"    image: {image}",
        "    volumes:",
        "      - /var/run/docker.sock:/var/run/docker.sock:ro",
        "    environment:",
        *(f"      - {line}" for line in _environment(needs)),
    ]
    lines += [f"# No switch opens: {pattern_of(one.parts)} ({one.method})" for one in needs.impossible]
    return Grant(lines, policy)


def _environment(needs: Needs) -> Iterator[str]:
    for switch in sorted(DEFAULTS.keys() - needs.switches.keys()):
        yield f"{switch}=0  # on by default, not used"
    for switch in sorted(needs.switches, key=lambda one: (one == "POST", one)):
        yield f"{switch}=1  # {remark_all(needs.switches[switch])}"


# -- reading --


def _read(text: Any, *, is_linuxserver: bool) -> Switches:
    """Read switches: NAME=VALUE lines of an env file, of `docker run -e`, or the environment of a Compose file."""
    values = dict(DEFAULTS)
    found = False
    for line in str(text).splitlines():
        setting = _SETTING.match(line)
        if setting and _is_switch(setting[1]):
            values[setting[1]] = next(value for value in setting.groups()[1:] if value is not None).strip()
            found = True
    if not found:
        raise UsageError(
            "the file sets none of the proxy's switches; expected lines such as CONTAINERS=1 or - CONTAINERS=1"
        )
    return Switches(frozenset(name for name, value in values.items() if is_on(value)), is_linuxserver)


def _is_switch(name: str) -> bool:
    return (
        name == "POST" or name in SECTIONS or name in ACTIONS or name in GUARDS or name.startswith("LIBPOD_")
    )


TECNATIVA = Target(
    "tecnativa",
    "Tecnativa/docker-socket-proxy",
    "#",
    lambda usage: _grant(usage, is_linuxserver=False),
    lambda text: _read(text, is_linuxserver=False),
)
LINUXSERVER = Target(
    "linuxserver",
    "linuxserver/docker-socket-proxy",
    "#",
    lambda usage: _grant(usage, is_linuxserver=True),
    lambda text: _read(text, is_linuxserver=True),
)

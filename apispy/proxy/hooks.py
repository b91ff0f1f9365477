"""A table of the methods that handle mitmproxy's hooks.

mitmproxy looks up each hook on each addon every time, and fires every hook of a flow twice; half of its time is spent
there (MITMPROXY.md, figures). This table looks up the bound methods of the loaded addons once.
"""

import inspect
from collections.abc import Callable
from typing import Any

from mitmproxy import flow, hooks
from mitmproxy.addonmanager import AddonManager, safecall, traverse


class HookTable:
    """Fires hooks on the addons of *manager*. It rebuilds the table when the chain of addons changes."""

    def __init__(self, manager: AddonManager) -> None:
        self._manager = manager
        self._chain: list[object] = []
        self._table: dict[str, list[Callable[..., Any]]] = {}

    async def fire(self, hook: hooks.Hook) -> None:
        """Call every addon that handles *hook*, and ``update`` after a hook of a flow, as mitmproxy does.

        An exception in an addon is logged, and the next addon is called, as in mitmproxy.
        """
        arguments = hook.args()
        await self._call(hook.name, arguments)
        if isinstance(arguments[0], flow.Flow):
            await self._call(hooks.UpdateHook.name, ([arguments[0]],))

    async def _call(self, name: str, arguments: tuple[Any, ...] | list[Any]) -> None:
        for function in self._functions(name):
            with safecall():
                result = function(*arguments)
                if inspect.isawaitable(result):
                    await result

    def _functions(self, name: str) -> list[Callable[..., Any]]:
        if self._chain != self._manager.chain:
            self._chain = list(self._manager.chain)
            self._table.clear()
        if name not in self._table:
            found = (getattr(addon, name, None) for addon in traverse(self._chain))
            self._table[name] = [function for function in found if callable(function)]
        return self._table[name]

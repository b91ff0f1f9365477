"""mitmproxy's hooks, from a table.

mitmproxy looks for each hook on each addon each time, and sends every flow hook twice. Half of its time goes there
(see MITMPROXY.md, figures). Here the bound methods of the addons that are loaded are looked up once.
"""

import inspect
from collections.abc import Callable
from typing import Any

from mitmproxy import flow, hooks
from mitmproxy.addonmanager import AddonManager, safecall, traverse


class HookTable:
    """Fires hooks on the addons of *manager*; notices when the chain of addons changes."""

    def __init__(self, manager: AddonManager) -> None:
        self._manager = manager
        self._chain: list[object] = []
        self._table: dict[str, list[Callable[..., Any]]] = {}

    async def fire(self, hook: hooks.Hook) -> None:
        """Call every addon that takes *hook*, and ``update`` after a flow's, as mitmproxy does.

        An exception in an addon is logged and the next one is called, as in mitmproxy.
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

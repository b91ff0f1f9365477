"""The hook table follows the chain of addons, and an addon that fails does not stop the next."""

import asyncio
from types import SimpleNamespace

from mitmproxy.hooks import UpdateHook

from apispy.proxy.hooks import HookTable


class Counts:
    def __init__(self, fails: bool = False) -> None:
        self.calls, self.fails = 0, fails

    def update(self, flows: object) -> None:
        self.calls += 1
        if self.fails:
            raise RuntimeError("an addon's own fault")


class Awaits(Counts):
    async def update(self, flows: object) -> None:  # type: ignore[override]
        self.calls += 1


def test_it_calls_all_and_notices_new_addons():
    manager = SimpleNamespace(chain=[Counts(fails=True), Awaits()])
    table = HookTable(manager)  # type: ignore[arg-type]
    asyncio.run(table.fire(UpdateHook([])))
    manager.chain.append(Counts())
    asyncio.run(table.fire(UpdateHook([])))
    assert [addon.calls for addon in manager.chain] == [2, 2, 1]

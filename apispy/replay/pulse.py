"""Lets many wait for something to happen, with a bound on how long nothing may."""

import asyncio
from collections.abc import Callable


class ChangeNotifier:
    """``beat`` wakes all who wait."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def beat(self) -> None:
        happened, self._next = self._next, asyncio.Event()
        happened.set()

    async def until(self, condition: Callable[[], bool], patience: float | None) -> bool:
        """Wait until *condition*, which is looked at after each beat. False: *patience* seconds went by without one."""
        while not condition():
            try:
                await asyncio.wait_for(self._next.wait(), patience)
            except TimeoutError:
                return condition()
        return True

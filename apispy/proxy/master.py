"""The part of mitmproxy's ``Master`` that a proxy needs.

mitmproxy's own imports all of its standard addons, with a web framework and an LDAP client: a quarter of the time that
apispy takes to start.
"""

import asyncio
import logging
from typing import Any

from mitmproxy import ctx, hooks
from mitmproxy.addonmanager import AddonManager
from mitmproxy.options import Options
from mitmproxy.utils import asyncio_utils

log = logging.getLogger(__name__)


class NoCommands:
    """Takes the place of the commands of addons: nobody could type them."""

    def collect_commands(self, addon: object) -> None:
        return


class Master:
    """Holds the options and the addons, and runs in the event loop until ``shutdown``. Make it inside the loop."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.commands = NoCommands()
        self.addons = AddonManager(self)
        self._loop = asyncio.get_running_loop()
        self._should_exit = asyncio.Event()
        ctx.master, ctx.options = self, options  # type: ignore[assignment]

    async def run(self) -> None:
        """Run until ``shutdown``, as mitmproxy does: with eager tasks, and errors of tasks in the log."""
        with (
            asyncio_utils.install_exception_handler(_log_error),
            asyncio_utils.set_eager_task_factory(),
        ):
            try:
                await self.addons.trigger_event(hooks.RunningHook())
                await self._should_exit.wait()
            finally:
                await self.addons.trigger_event(hooks.DoneHook())

    def shutdown(self) -> None:
        """End ``run``, from any thread."""
        self._loop.call_soon_threadsafe(self._should_exit.set)


def _log_error(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    if error is None:
        log.error("Unhandled asyncio error: %s", context)
    else:
        log.error("Unhandled error in task.", exc_info=(type(error), error, error.__traceback__))

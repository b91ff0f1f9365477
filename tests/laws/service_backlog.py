"""Shows the events of reads as the proxy does: by its service, whose backlog passes them on now and then."""

import asyncio
from collections.abc import Iterable, Sequence
from itertools import cycle

from apispy.endpoints import Endpoint, Listen
from apispy.pipeline import Pipeline
from apispy.proxy.backlog import Backlog
from apispy.proxy.service import Service, Settings
from apispy.tap import Event

LISTEN, DAEMON = Listen("tcp", "127.0.0.1", 0, ""), Endpoint("tcp", "127.0.0.1", 2375, "", "", None)


def show_in_the_service(pipeline: Pipeline, reads: Iterable[Sequence[Event]], passed: Sequence[int]) -> None:
    """Show the events of each read. *passed*: how many events the backlog passes on after it, again and again."""

    async def session() -> None:
        service = Service(Settings(LISTEN, DAEMON), pipeline)
        backlog = service._backlog = Backlog(pipeline.feed, pipeline.notice)
        for events, count in zip(reads, cycle(passed)):
            service._show(events)
            for _ in range(count):
                if backlog.waiting:
                    backlog._pass_on()
        service.drain()

    asyncio.run(session())

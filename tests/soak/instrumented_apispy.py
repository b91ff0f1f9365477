"""apispy that reports on itself: a client that connects to the socket $SOAK_STATS_SOCKET receives statistics as JSON.

Run as `python -m tests.soak.instrumented_apispy ARGUMENTS...`; the arguments are apispy's.
"""

import asyncio
import gc
import json
import os
import socket
import threading
from collections import Counter

# apispy loads these when it needs them first, which would look like growth in the middle of a soak.
import mitmproxy.certs
import mitmproxy.proxy.layers  # noqa: F401
import OpenSSL.SSL  # noqa: F401

from apispy.cli import main

MAX_KINDS = 400
"""Number of object types to report, the most frequent ones."""

OBSERVER = "ConnectionObserver"
"""The class of apispy.proxy that exists once for each connection."""


def statistics() -> dict[str, object]:
    """Return {"tasks": names of the unfinished asyncio tasks, "threads": their number, "observers": the number of
    connections that apispy still observes, "objects": {type: number}}.
    """
    gc.unfreeze()  # apispy hides what it made before it listened
    gc.collect()
    objects = gc.get_objects()
    tasks = [str(one.get_coro()) for one in objects if isinstance(one, asyncio.Task) and not one.done()]
    kinds = Counter(f"{type(one).__module__}.{type(one).__qualname__}" for one in objects)
    return {
        "tasks": tasks,
        "threads": threading.active_count(),
        "observers": sum(
            count
            for kind, count in kinds.items()
            if kind.startswith("apispy.proxy.") and kind.endswith(f".{OBSERVER}")
        ),
        "objects": dict(kinds.most_common(MAX_KINDS)),
    }


def serve(listener: socket.socket) -> None:
    while True:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(json.dumps(statistics()).encode())


if __name__ == "__main__":
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(os.environ["SOAK_STATS_SOCKET"])
    listener.listen()
    threading.Thread(target=serve, args=[listener], daemon=True).start()
    main()

"""apispy with a door: whoever connects to the socket $SOAK_DOOR gets what only the process itself knows, as JSON.

Run as `python -m tests.soak.inside WORDS...`; the words are apispy's.
"""

import asyncio
import gc
import json
import os
import socket
import threading
from collections import Counter

from apispy.cli import main

MOST = 400
"""Kinds of objects that are told, the most frequent ones."""


def numbers() -> dict[str, object]:
    """{"tasks": names of the asyncio tasks that are not done, "threads": how many, "watches": how many
    connections are kept in mind, "objects": {kind: how many}}
    """
    gc.collect()
    objects = gc.get_objects()
    tasks = [str(one.get_coro()) for one in objects if isinstance(one, asyncio.Task) and not one.done()]
    kinds = Counter(f"{type(one).__module__}.{type(one).__qualname__}" for one in objects)
    return {
        "tasks": tasks,
        "threads": threading.active_count(),
        "watches": kinds["apispy.proxy.observers.ConnectionObserver"],
        "objects": dict(kinds.most_common(MOST)),
    }


def serve(listener: socket.socket) -> None:
    while True:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(json.dumps(numbers()).encode())


if __name__ == "__main__":
    door = socket.socket(socket.AF_UNIX)
    door.bind(os.environ["SOAK_DOOR"])
    door.listen()
    threading.Thread(target=serve, args=[door], daemon=True).start()
    main()

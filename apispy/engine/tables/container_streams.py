"""Streams of containers: logs, statistics, attached terminals, exec."""

from apispy.engine.operation import Operation

LOG_ARGUMENTS = ("follow", "stdout", "stderr", "tail", "since", "until")

ATTACH_ARGUMENTS = ("logs", "stream", "stdin", "stdout", "stderr", "detachKeys")

STREAMS = (
    Operation(
        "ContainerLogs",
        "GET",
        "/containers/{id}/logs",
        tag="Container",
        first="1.11",
        does="Returns a container's output on stdout and stderr, and keeps streaming new output with follow=1.",
        commands=("docker logs", "docker container logs"),
        response="stdio",
        opens="follow",
        shows=LOG_ARGUMENTS,
        outcome="size",
    ),
    Operation(
        "ContainerStats",
        "GET",
        "/containers/{id}/stats",
        tag="Container",
        first="1.17",
        does="Reports a container's use of CPU, memory, network and disks, every second or once.",
        commands=("docker stats", "docker container stats"),
        response="stats",
        opens="stream",
        shows=("stream", "one-shot"),
        outcome="stats",
    ),
    Operation(
        "ContainerAttach",
        "POST",
        "/containers/{id}/attach",
        tag="Container",
        first="1.0",
        does="Connects the client to the input and output of a container's main process.",
        commands=("docker attach", "docker container attach", "docker run", "docker start -a"),
        response="stdio",
        opens="always",
        shows=ATTACH_ARGUMENTS,
    ),
    Operation(
        "ContainerAttachWebsocket",
        "GET",
        "/containers/{id}/attach/ws",
        tag="Container",
        first="1.0",
        does="Connects to a container's input and output through a WebSocket, as browsers can.",
        response="websocket",
        opens="always",
        shows=ATTACH_ARGUMENTS,
    ),
    Operation(
        "ContainerResize",
        "POST",
        "/containers/{id}/resize",
        tag="Container",
        first="1.16",
        does="Sets the size of a container's terminal to that of the client's window.",
        commands=("docker run -t", "docker start -a", "docker attach"),
        response="",
        shows=("h", "w"),
    ),
)

EXEC = (
    Operation(
        "ContainerExec",
        "POST",
        "/containers/{id}/exec",
        tag="Exec",
        first="1.15",
        does="Prepares a command to be run in a running container, without running it.",
        commands=("docker exec", "docker container exec"),
        request="json",
        shows=("body.Cmd", "body.Tty"),
        outcome="id",
        secrets=("request.Env",),
    ),
    # With Detach in its body it ends at once; else it takes the connection over.
    Operation(
        "ExecStart",
        "POST",
        "/exec/{id}/start",
        tag="Exec",
        first="1.15",
        does="Runs a prepared command in its container and connects the client to it.",
        commands=("docker exec", "docker container exec"),
        request="json",
        response="stdio",
        opens="if-hijacked",
        shows=("body.Detach", "body.Tty"),
    ),
    Operation(
        "ExecResize",
        "POST",
        "/exec/{id}/resize",
        tag="Exec",
        first="1.15",
        does="Sets the size of the command's terminal to that of the client's window.",
        commands=("docker exec -t", "docker container exec -t"),
        response="",
        shows=("h", "w"),
    ),
    # Up to API 1.21 it told all of the container too.
    Operation(
        "ExecInspect",
        "GET",
        "/exec/{id}/json",
        tag="Exec",
        first="1.16",
        does="Shows whether an exec command is still running, and its exit code.",
        commands=("docker exec", "docker container exec"),
        outcome="exec-state",
        secrets=("response.Container.Config.Env",),
    ),
)

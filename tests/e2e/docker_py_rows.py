"""Battery rows with docker-py, in this process: its return values, line by line."""

import contextlib
import io
import itertools
import tarfile
from collections.abc import Iterator

import docker
from docker.errors import DockerException
from docker.models.containers import Container
from docker.utils.socket import frames_iter

from .archives import Archive, tar_of
from .clients import Client, Result
from .daemon import IMAGE

QUIET = {"network_mode": "none", "detach": True}


@contextlib.contextmanager
def _api(client: Client) -> Iterator[docker.DockerClient]:
    api = docker.from_env(environment=client.env, version="auto", timeout=60)
    try:
        yield api
    finally:
        api.close()


@contextlib.contextmanager
def _sleeper(client: Client, api: docker.DockerClient) -> Iterator[Container]:
    container = api.containers.run(IMAGE, "sleep 60", name=client.prefix, **QUIET)
    try:
        yield container
    finally:
        container.remove(force=True)


def _result(*facts: object) -> Result:
    return Result("".join(f"{fact}\n" for fact in facts).encode())


def _raised(call, *words: object, **options: object) -> str:  # type: ignore[no-untyped-def]
    try:
        return f"returned {call(*words, **options)!r}"
    except DockerException as error:
        return f"{type(error).__name__} {getattr(error, 'exit_status', '')} {getattr(error, 'explanation', error)}"


def run(client: Client) -> Result:
    with _api(client) as api:
        hello = api.containers.run(IMAGE, "echo hello", network_mode="none", remove=True)
        both = api.containers.run(
            IMAGE, "sh -c 'echo o; usleep 50000; echo e >&2'", network_mode="none", remove=True, stderr=True
        )
        failing = _raised(
            api.containers.run, IMAGE, "sh -c 'echo bad >&2; exit 3'", network_mode="none", remove=True
        )
        return _result(hello, both, failing, api.ping(), api.version()["ApiVersion"])


def logs(client: Client) -> Result:
    with _api(client) as api:
        script = "sh -c 'for i in 1 2 3; do echo line $i; usleep 50000; done'"
        container = api.containers.run(IMAGE, script, name=client.prefix, **QUIET)
        followed = b"".join(container.logs(stream=True, follow=True))
        facts = followed, container.wait(), container.logs(tail=1), list(container.logs(stream=True))
        container.remove()
        return _result(*facts)


def execute(client: Client) -> Result:
    """Programs that print nothing at first: docker-py loses a frame that it receives together with the 101.

    It reads on from the socket beneath its buffered reader, and leaves what that one has read already (7.2.0, with
    `exec_run` and any daemon that writes both at once, or on a machine so busy that both are there before it reads).
    """
    with _api(client) as api, _sleeper(client, api) as container:
        script = "sh -c 'usleep 200000; echo out; usleep 50000; echo err >&2; exit 3'"
        streamed = container.exec_run(script, stream=True, demux=True).output
        return _result(
            container.exec_run(script),
            container.exec_run(script, demux=True),
            b"".join(out for out, _ in streamed if out),
            container.exec_run("sh -c 'usleep 200000; echo tty'", tty=True),
            _raised(container.exec_run, "nosuch"),
            container.exec_run("true", detach=True).output,
        )


def exec_socket(client: Client) -> Result:
    with _api(client) as api, _sleeper(client, api) as container:
        script = "sh -c 'read x; echo got $x; usleep 50000; echo err >&2; sleep 0.7; echo late'"
        sock = container.exec_run(script, stdin=True, socket=True).output
        getattr(sock, "_sock", sock).sendall(b"abc\n")
        frames = list(frames_iter(sock, tty=False))
        sock.close()
        return _result(*frames)


def attach(client: Client) -> Result:
    with _api(client) as api:
        container = api.containers.create(
            IMAGE,
            "sh -c 'read x; echo $x there; sleep 0.7; echo late'",
            name=client.prefix,
            stdin_open=True,
            network_mode="none",
        )
        sock = container.attach_socket(params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1})
        container.start()
        getattr(sock, "_sock", sock).sendall(b"hi\n")
        frames = list(frames_iter(sock, tty=False))
        sock.close()
        facts = frames, container.wait(), container.logs()
        container.remove()
        return _result(*facts)


def events(client: Client) -> Result:
    """Wait for each event before the next action, like the CLI's row."""
    with _api(client) as api:
        stream = api.events(decode=True, filters={"container": client.prefix})
        actions = []
        with _sleeper(client, api) as container:
            actions += itertools.islice(stream, 2)
            container.rename(f"{client.prefix}-b")
            actions += itertools.islice(stream, 1)
        last = next(event for event in stream if event["Action"] == "destroy")
        stream.close()
        return _result(*(event["Action"] for event in [*actions, last]))


def archive(client: Client) -> Result:
    with _api(client) as api, _sleeper(client, api) as container:
        put = container.put_archive("/tmp", tar_of(f=b"kept"))
        chunks, stat = container.get_archive("/tmp/f")
        with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as tar:
            data = tar.extractfile("f").read()  # type: ignore[union-attr]
        plain, _ = container.get_archive("/bin/busybox", encode_stream=True)
        size = len(b"".join(plain)) > 100_000
        missing = _raised(container.get_archive, "/nosuch")
        return _result(put, data, stat["name"], stat["size"], size, container.diff(), missing)


def stats(client: Client) -> Result:
    with _api(client) as api:
        container = api.containers.run(IMAGE, "sleep 60", name=client.prefix, **QUIET)
        once = container.stats(stream=False)
        stream = container.stats(stream=True, decode=True)
        samples = list(itertools.islice(stream, 2))
        container.remove(force=True)
        list(stream)  # the stream ends with the container
        return _result(*(sorted(sample) for sample in [once, *samples]), once["pids_stats"]["current"])


def images(client: Client) -> Result:
    with _api(client) as api:
        dockerfile = f"FROM {IMAGE}\nRUN echo built >/f\nCMD cat /f\n".encode()
        context = tar_of(Dockerfile=dockerfile)
        image, log = api.images.build(
            fileobj=io.BytesIO(context),
            custom_context=True,
            network_mode="none",
            nocache=True,
            tag=f"{client.prefix}:b",
            rm=True,
        )
        lines = [line["stream"] for line in log if line.get("stream", "").startswith(("Step", "Success"))]
        ran = api.containers.run(image, network_mode="none", remove=True)
        saved = b"".join(image.save(named=True))
        api.images.remove(f"{client.prefix}:b", force=True)
        loaded = api.images.load(saved)
        again = api.containers.run(loaded[0], network_mode="none", remove=True)
        tags = loaded[0].tags
        api.images.remove(f"{client.prefix}:b", force=True)
        small = Archive(f"{client.prefix}:s", client.prefix.encode(), client.data / "10mb").prepare()
        streamed = [image.tags for image in api.images.load(iter(small))]
        api.images.remove(f"{client.prefix}:s")
        return _result(*lines, ran, "loaded", again, tags, streamed)


def errors(client: Client) -> Result:
    with _api(client) as api:
        return _result(
            _raised(api.containers.get, f"nosuch-{client.prefix}"),
            _raised(api.images.get, f"nosuch:{client.prefix}"),
            _raised(api.containers.run, f"127.0.0.1:1/x:{client.prefix}"),
            _raised(api.containers.create, IMAGE, mem_limit="1k"),
            _raised(api.networks.get, f"nosuch-{client.prefix}"),
            _raised(api.login, "u", "p", registry="127.0.0.1:1"),
        )

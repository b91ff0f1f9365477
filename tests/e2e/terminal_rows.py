"""Battery rows in a terminal."""

import termios

from .clients import Client, Result, Terminal
from .wait import until

_SIZE = 'until [ "$(stty size 2>/dev/null)" = "{}" ]; do usleep 10000; done; stty size'
RESIZED = f"sh -c '{_SIZE.format('24 80')}; echo ready; {_SIZE.format('{}')}; read x; echo got $x; exit {{}}'"


def _sleeper(client: Client) -> None:
    client.daemon.docker(
        "run", "-d", "--name", client.prefix, "--network", "none", "busybox:test", "sleep", "60"
    )


def _removed(client: Client, result: Result) -> Result:
    """Add to the result whether the container still runs, and remove it."""
    running = client.daemon.docker("inspect", "-f", "{{.State.Running}}", client.prefix)
    client.daemon.docker("rm", "-f", client.prefix)
    return Result(result.out + running.encode(), result.err, result.code)


def _detached(client: Client, terminal: Terminal) -> Result:
    """Finish after the detach keys. Over plain TCP (only there) the CLI may hang, also without apispy; the result says so."""
    return _removed(client, terminal.finish(3 if client.endpoint.is_plain_tcp else 30, hanging_is_fine=True))


def _wait_raw(terminal: Terminal) -> None:
    """Wait until the CLI has set the terminal to raw mode; earlier input would be echoed twice."""
    until(lambda: not termios.tcgetattr(terminal.master)[3] & termios.ECHO, 20, "the terminal to be raw")


def run_t(client: Client) -> Result:
    script = f"sh -c '{_SIZE.format('24 80')}; echo hello; exit 6'"
    return client.terminal(f"docker run --rm -t $N $IMG {script}").finish()


def run_it_resize(client: Client) -> Result:
    terminal = client.terminal(f"docker run --rm -it $N $IMG {RESIZED.format('33 101', 3)}")
    terminal.expect(b"ready")
    terminal.resize_until(33, 101, b"33 101")
    terminal.send(b"hey\r")
    return terminal.finish()


def run_detach_keys(client: Client) -> Result:
    terminal = client.terminal("docker run -it --name $P $N $IMG sh -c 'echo ready; exec cat'")
    terminal.expect(b"ready")
    _wait_raw(terminal)
    terminal.send(b"\x10\x11")
    return _detached(client, terminal)


def run_ctrl_c(client: Client) -> Result:
    trap = 'trap "echo caught; exit 9" INT; echo ready; while :; do usleep 20000; done'
    terminal = client.terminal(f"docker run --rm -it $N $IMG sh -c '{trap}'")
    terminal.expect(b"ready")
    terminal.send(b"\x03")
    return terminal.finish()


def attach_detach_keys(client: Client) -> Result:
    client.daemon.docker("run", "-dit", "--name", client.prefix, "--network", "none", "busybox:test", "cat")
    terminal = client.terminal("docker attach --detach-keys ctrl-a,d $P")
    _wait_raw(terminal)
    terminal.send(b"x\r")
    terminal.expect(b"x\r\nx\r\n")
    terminal.send(b"\x01d")
    return _detached(client, terminal)


def exec_t(client: Client) -> Result:
    _sleeper(client)
    terminal = client.terminal("docker exec -t $P sh -c 'tty >/dev/null && echo tty; exit 3'")
    return _removed(client, terminal.finish())


def exec_it(client: Client) -> Result:
    _sleeper(client)
    terminal = client.terminal(f"docker exec -it $P {RESIZED.format('40 120', 5)}")
    terminal.expect(b"ready")
    terminal.resize_until(40, 120, b"40 120")
    terminal.send(b"abc\r")
    return _removed(client, terminal.finish())


def exec_detach_keys(client: Client) -> Result:
    _sleeper(client)
    terminal = client.terminal("docker exec -it --detach-keys ctrl-a,d $P sh -c 'echo ready; exec cat'")
    terminal.expect(b"ready")
    terminal.send(b"\x01d")
    return _detached(client, terminal)

"""The group ``apispy``: the proxy if no command is given, else one of the files in ``commands/``."""

import importlib
import os
import pkgutil
import shlex
import shutil
import sys
from typing import Any

import click

from apispy.cli import commands
from apispy.cli.help import Group, is_typed
from apispy.suggestions import most_similar

CLIENTS = ("docker", "docker-compose", "podman")
"""Programs that are meant to be run, also where they are not installed."""


class Commands(Group):
    """A group that finds its commands among the files in ``commands/``, and imports each only when it is needed."""

    command_sections = {  # noqa: RUF012
        "See API calls": ("run", "demo", "explain"),
        "Work with captures": ("show", "view", "diff", "export", "import"),
        "Learn from captures": ("story", "permissions", "coverage", "drift", "mcp"),
        "Test without a daemon": ("record", "replay", "fixture"),
        "Find daemons, and route clients through apispy": ("endpoints", "env", "context", "machine"),
        "Set up": ("certs", "doctor", "help"),
    }

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. It ends quietly, with 0, if the reader of its output closes the pipe."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # Python flushes the streams once more at its end (docs.python.org/3/library/signal.html#note-on-sigpipe).
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands. ``import_.py`` is `import`, which cannot be the name of a module."""
        return sorted(_modules())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        modules = _modules()
        if cmd_name not in modules:
            return None
        module = importlib.import_module(f"{commands.__name__}.{modules[cmd_name]}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Refuse options of a command that are typed before it: they would go to the proxy, and be lost."""
        known = self.get_command(ctx, args[0]) is not None
        typed = [parameter.opts[-1] for parameter in self.params if is_typed(ctx, parameter)]
        if typed and known:
            raise click.UsageError(
                f"{typed[0]} belongs after the command {args[0]!r}. Type: apispy {args[0]} {typed[0]} ...",
                ctx,
            )
        if not known and not ctx.resilient_parsing:  # completion parses lines that are not complete
            raise click.UsageError(f"No such command {args[0]!r}. {self._hint(ctx, args)}", ctx)
        return super().resolve_command(ctx, args)

    def _hint(self, ctx: click.Context, args: list[str]) -> str:
        """What to type in place of an unknown command: a similar one, or `apispy run` for a program."""
        if args[0] in CLIENTS or shutil.which(args[0]):
            return f"To show the calls of that program, type: apispy run -- {shlex.join(args)}"
        if similar := most_similar(args[0], self.list_commands(ctx)):
            return f"Did you mean {similar!r}?"
        return "Type apispy --help for a list."


def _modules() -> dict[str, str]:
    """Return the module of each command."""
    names = [module.name for module in pkgutil.iter_modules(commands.__path__)]
    return {name.rstrip("_").replace("_", "-"): name for name in names}

"""``apispy`` itself: the proxy when no command is named, else one of the files in ``commands/``."""

import importlib
import pkgutil

import click

from apispy.cli import commands
from apispy.cli.types import is_typed


class Commands(click.Group):
    """Finds its commands among the files in ``commands/``, and imports one only when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """``import_.py`` is the command ``import``: a word of Python's cannot be a module's name."""
        return sorted(_command_name(module.name) for module in pkgutil.iter_modules(commands.__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        modules = {
            _command_name(module.name): module.name for module in pkgutil.iter_modules(commands.__path__)
        }
        if cmd_name not in modules:
            return None
        module = importlib.import_module(f"{commands.__name__}.{modules[cmd_name]}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """A command's options stand behind it; before it they would be the proxy's, and be lost."""
        typed = [p.opts[-1] for p in self.params if is_typed(ctx, p)]
        if typed and self.get_command(ctx, args[0]) is not None:
            command = f"apispy {args[0]} {typed[0]} ..."
            raise click.UsageError(f"{typed[0]} stands before the command {args[0]!r}. Type: {command}", ctx)
        return super().resolve_command(ctx, args)


def _command_name(module: str) -> str:
    return module.rstrip("_").replace("_", "-")

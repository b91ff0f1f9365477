"""``apispy env``: print shell commands that route docker clients through apispy."""

import os
import shlex

import click

from apispy.cli import target
from apispy.cli.completion import complete_target
from apispy.cli.help import Command, option

SHELLS = ("bash", "zsh", "sh", "fish", "tcsh", "powershell", "cmd")
"""The names of ``endpoints.shells.SHELLS``, which is imported late: this module is part of `apispy --help`."""


@click.command(
    cls=Command,
    short_help="Print shell commands that route docker clients through apispy.",
    epilog="""\b
eval "$(apispy env)"               bash, zsh, sh
apispy env | source                fish
eval "`apispy env`"                tcsh
& apispy env | Invoke-Expression   PowerShell""",
    help=f"""Print shell commands that set DOCKER_HOST and related variables, so that docker clients go through a
running apispy.

{target.HELP}""",
)
@click.argument("name", required=False, shell_complete=complete_target)
@option(
    "--shell",
    type=click.Choice(SHELLS),
    help="Shell syntax to print.  [default: that of the calling shell, else of $SHELL]",
)
@option("--unset", is_flag=True, help="Print commands that unset the variables.")
def command(name: str | None, shell: str | None, unset: bool) -> int:
    from apispy.endpoints import client_environment, shells

    chosen = (
        client_environment.ALL_UNSET
        if unset
        else client_environment.variables_for(target.target_endpoint(name, "apispy env"))
    )
    syntax = shells.SHELLS[shell or shells.detect(os.environ)]
    repeat = ["apispy", "env", *([name] if name else []), *(["--shell", shell] if shell else [])]
    repeat += ["--unset"] if unset else []
    for line in [*syntax.commands(chosen), *syntax.hint(shlex.join(repeat))]:
        click.echo(line)
    return 0

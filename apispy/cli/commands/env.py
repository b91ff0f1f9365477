"""``apispy env``: what to evaluate in a shell so that docker clients go through apispy."""

import os
import shlex

import click

from apispy.cli import target
from apispy.cli.completion import targets
from apispy.endpoints.shells import SHELLS, detect


@click.command(
    short_help="Print what sets DOCKER_HOST and its kin in your shell.",
    epilog="""\b
eval "$(apispy env)"               bash, zsh, sh
apispy env | source                fish
eval "`apispy env`"                tcsh
& apispy env | Invoke-Expression   PowerShell""",
    help=f"""Print what to evaluate in a shell so that docker clients go through a running apispy.

{target.HELP}""",
)
@click.argument("name", required=False, shell_complete=targets)
@click.option(
    "--shell",
    type=click.Choice(list(SHELLS)),
    help="Whose language to print.  [default: the shell that runs this, else $SHELL]",
)
@click.option("--unset", is_flag=True, help="Print what takes the variables away again.")
def command(name: str | None, shell: str | None, unset: bool) -> int:
    from apispy.endpoints import client_environment

    chosen = (
        client_environment.ALL_UNSET
        if unset
        else client_environment.variables_for(target.target(name, "apispy env"))
    )
    language = SHELLS[shell or detect(os.environ)]
    again = ["apispy", "env", *([name] if name else []), *(["--shell", shell] if shell else [])]
    again += ["--unset"] if unset else []
    for line in [*language.commands(chosen), *language.hint(shlex.join(again))]:
        click.echo(line)
    return 0

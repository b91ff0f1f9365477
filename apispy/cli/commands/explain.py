"""``apispy explain``: explain an operation, a request, a curl command or a docker command."""

import json
import shlex
import shutil
import sys
from typing import TYPE_CHECKING

import click

from apispy.app.messages import print_lines
from apispy.app.view import use_color
from apispy.cli.help import Command, option
from apispy.cli.options import COLOR
from apispy.errors import UsageError

if TYPE_CHECKING:
    from apispy.learn.explain import Page

PASTED_PROGRAMS = ("docker", "docker-compose", "curl")
"""The first words of a pasted command line: all that follows belongs to it, options too."""


def _begins_a_line(word: str) -> bool:
    """Whether *word* is one of the programs, or a misspelt docker."""
    letters = sorted(word.lower())
    return word in PASTED_PROGRAMS or (letters == sorted("docker") and word[:1].lower() == "d")


class ExplainCommand(Command):
    """A command that takes a command line pasted without quotes as one argument."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        start = next((at for at, word in enumerate(args) if _begins_a_line(word)), None)
        if start is not None and len(args) > start + 1:
            args = [*args[:start], "--", shlex.join(args[start:])]
        return super().parse_args(ctx, args)


@click.command(cls=ExplainCommand, short_help="Explain an API operation, a curl command or a docker command.")
@click.argument(
    "words", nargs=-1, metavar="[OPERATION | REQUEST | CURL LINE | DOCKER COMMAND | ERROR MESSAGE | WORD]"
)
@option(
    "--api", metavar="VERSION", help="API version, such as 1.41.  [default: the one typed, or the newest]"
)
@option("-v", "--verbose", is_flag=True, help="Show every field of the bodies, and every call of a command.")
@option(
    "--field", metavar="NAME", help="Show only this field and its content: RestartPolicy, HostConfig.Mounts."
)
@option("--list", "as_list", is_flag=True, help="List all operations by tag, with their versions.")
@option("--diff", nargs=2, metavar="VERSION VERSION", help="Show what changed between two versions.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object, with every field.")
@COLOR
def command(
    words: tuple[str, ...],
    api: str | None,
    verbose: bool,
    field: str | None,
    as_list: bool,
    diff: tuple[str, str] | None,
    as_json: bool,
    color: str,
) -> int:
    """Explain a call of Docker's API: parameters, bodies, responses, versions. Works offline.

    \b
    apispy explain ContainerList
    apispy explain 'GET /v1.18/containers/json?all=1'
    apispy explain curl --unix-socket /var/run/docker.sock http://localhost/info
    apispy explain docker run -it -p 80:80 busybox
    apispy explain docker compose up
    apispy explain 'client version 1.32 is too old'
    apispy explain how do I attach
    apispy explain --diff 1.41 1.52
    """
    from apispy.learn import explain

    if words and (diff or as_list):
        raise UsageError(
            f"{'--diff' if diff else '--list'} takes no other words; found {' '.join(words)!r}. Leave one out."
        )
    width = shutil.get_terminal_size().columns
    if diff:
        page = explain.difference_page(*diff, width=width)
    elif as_list:
        page = explain.list_page(api, width=width)
    else:
        page = explain.question_page(" ".join(words), api, width=width, every_field=verbose, only=field)
    _print(page, as_json, use_color(color, sys.stdout))
    return 0


def _print(page: "Page", as_json: bool, color: bool) -> None:
    if as_json:
        click.echo(json.dumps(page.value(), indent=2))  # ASCII only
        return
    print_lines(page.lines, color)

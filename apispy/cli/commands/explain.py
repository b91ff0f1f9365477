"""``apispy explain``: what an operation of the API, a request, a curl line or a docker command means."""

import json
import shlex
import shutil
import sys
from typing import TYPE_CHECKING

import click

from apispy.app.view import colored
from apispy.cli.lines import print_lines
from apispy.cli.options import COLOR
from apispy.errors import UsageError

if TYPE_CHECKING:
    from apispy.learn.explain import Page

PASTED = ("docker", "curl")
"""Words with which a pasted command line begins: what follows belongs to it, options too."""


class _Pasting(click.Command):
    """Takes a command line that is pasted without quotes as one argument."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        start = next((at for at, word in enumerate(args) if word in PASTED), None)
        if start is not None and len(args) > start + 1:
            args = [*args[:start], "--", shlex.join(args[start:])]
        return super().parse_args(ctx, args)


@click.command(cls=_Pasting, short_help="Tell what a call of Docker's API means. Works offline.")
@click.argument("words", nargs=-1, metavar="[OPERATION | REQUEST | CURL LINE | DOCKER COMMAND | WORD]")
@click.option(
    "--api", metavar="VERSION", help="As this version has it: 1.41.  [default: the one typed, or the newest]"
)
@click.option("-v", "--verbose", is_flag=True, help="Every field of the bodies, and every call of a command.")
@click.option(
    "--field", metavar="NAME", help="Only this field, and all in it: RestartPolicy, HostConfig.Mounts."
)
@click.option("--list", "as_list", is_flag=True, help="All operations by tag, with their versions.")
@click.option("--diff", nargs=2, metavar="VERSION VERSION", help="What changed between two versions.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, with every field.")
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
    """Tell what a call of Docker's API means: parameters, bodies, answers, versions. Works offline.

    \b
    apispy explain ContainerList
    apispy explain 'GET /v1.18/containers/json?all=1'
    apispy explain curl --unix-socket /var/run/docker.sock http://localhost/info
    apispy explain docker run -it busybox
    apispy explain restart
    apispy explain --diff 1.41 1.52
    """
    from apispy.learn import explain

    if words and (diff or as_list):
        raise UsageError(
            f"{'--diff' if diff else '--list'} stands alone; found {' '.join(words)!r} beside it. Leave one out."
        )
    width = shutil.get_terminal_size().columns
    if diff:
        page = explain.difference_page(*diff, width=width)
    elif as_list:
        page = explain.list_page(api, width=width)
    else:
        page = explain.question_page(" ".join(words), api, width=width, every_field=verbose, only=field)
    _print(page, as_json, colored(color, sys.stdout))
    return 0


def _print(page: "Page", as_json: bool, color: bool) -> None:

    if as_json:
        click.echo(json.dumps(page.value(), indent=2))  # ASCII only
        return
    print_lines(page.lines, color)

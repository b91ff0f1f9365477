"""``apispy help``: the documentation pages, and the help of commands."""

import click

from apispy.cli.help import Command
from apispy.errors import UsageError
from apispy.suggestions import most_similar


@click.command(cls=Command, short_help="Show a page of the documentation, or the help of a command.")
@click.argument("topic", required=False)
@click.pass_context
def command(ctx: click.Context, topic: str | None) -> int:
    """Show the page of the documentation about TOPIC, or the help of a command. Without TOPIC, list the pages.

    \b
    apispy help filters
    apispy help certs
    """
    from apispy.app import pages

    group = ctx.parent.command if ctx.parent else None
    assert isinstance(group, click.Group)
    names = group.list_commands(ctx)
    topics = pages.topics()
    if topic is None:
        click.echo(
            "Pages of the documentation. Type: apispy help TOPIC; for options: apispy COMMAND --help\n"
        )
        width = max(map(len, topics))
        for name, title in topics.items():
            click.echo(f"  {name:{width}}  {title}")
    elif topic in topics:
        text = pages.page(topic).rstrip()  # the pager adds a line end
        click.echo_via_pager(f"{text}\n\nOptions: apispy {topic} --help" if topic in names else text)
    elif (found := group.get_command(ctx, topic)) is not None:
        click.echo(found.get_help(click.Context(found, info_name=topic, parent=ctx.parent)))
    else:
        similar = most_similar(topic, [*topics, *names])
        hint = f"Did you mean {similar!r}?" if similar else "Type apispy help for a list."
        raise UsageError(f"There is no page and no command {topic!r}. {hint}")
    return 0

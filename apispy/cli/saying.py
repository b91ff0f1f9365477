"""What apispy says of itself while something else may be shown on standard output."""

import click

from apispy.outputs.safe import escape


def say(text: str) -> None:
    """On standard error, as apispy's own words; *text* may hold what was typed or came over the wire."""
    say_line(f"apispy: {escape(text)}")


def say_line(line: str) -> None:
    """On standard error as it is."""
    click.echo(line, err=True)

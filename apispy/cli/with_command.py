"""Commands of ours that take a command of the user's behind ``--``."""

import click

KEY = "apispy.command"


class WithCommand(click.Command):
    """What stands behind the first ``--`` is not parsed; ``command_of`` gives it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if "--" in args:
            at = args.index("--")
            ctx.meta[KEY] = tuple(args[at + 1 :])
            args = args[:at]
        return super().parse_args(ctx, args)

    @staticmethod
    def command_of(ctx: click.Context) -> tuple[str, ...] | None:
        """The words behind ``--``; None if there is no ``--``."""
        words: tuple[str, ...] | None = ctx.meta.get(KEY)
        return words

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The matchers, in their own words."""
        from apispy.replay.matching import MATCHERS

        with formatter.section("What --match names"):
            formatter.write_dl([(one.name, one.explanation) for one in MATCHERS.values()])

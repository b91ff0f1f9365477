"""Lets an output have only some of the calls."""

from collections.abc import Container

from apispy.outputs.base import Output, Reading


class Chosen(Output):
    """Tells *output* of the finished calls whose numbers are in *numbers* by then, and of notices."""

    def __init__(self, output: Output, numbers: Container[int]) -> None:
        self._output, self._numbers = output, numbers

    def write(self, reading: Reading) -> None:
        if reading.exchange.id in self._numbers:
            self._output.write(reading)

    def notice(self, text: str, at: float) -> None:
        self._output.notice(text, at)

    def close(self) -> None:
        self._output.close()

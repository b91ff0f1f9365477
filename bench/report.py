"""RESULTS.md and the printed tables."""

from textwrap import fill

from bench.addresses import TRANSPORTS
from bench.goals import GOALS, Goal
from bench.measures import MEASURES
from bench.results import Results
from bench.setups import SETUPS

BEGIN, END = "<!-- bench -->", "<!-- /bench -->"
"""The markers around the table in the README."""

NOT_MEASURED = """\
- Networks: all traffic uses loopback, where bandwidth is free and latency almost zero. Over a network, every proxy
  looks better than here.
- Requests/s over TLS and unix sockets: wrk supports neither client certificates nor unix sockets.
- mitmdump over unix sockets and with hijacked streams: it supports neither (it holds back `exec` and `logs -f`).
- BuildKit's sessions, whose tunnels carry HTTP/2, and HTTP/2 over TLS.
- More than 50 concurrent connections with requests; more than two cores.
- macOS and other machines.
"""


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def table(rows: list[list[str]]) -> str:
    """Format a Markdown table with aligned columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    rows.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    )


def measure_tables(results: Results) -> str:
    """Format a table per measure, by transport, with the setups that it has; ratios are in parentheses."""
    parts = []
    for name, by_transport in results.values.items():
        measure = MEASURES[name]
        found = {setup for values in by_transport.values() for setup in values}
        setups = [setup for setup in SETUPS if setup in found]
        rows = [[f"{name} ({measure.unit})", *setups]]
        for transport in by_transport:
            cells = [_cell(results, name, transport, setup) for setup in setups]
            rows.append([TRANSPORTS[transport], *cells])  # type: ignore[index]
        parts.append(table(rows))
    return "\n\n".join(parts)


def measured_setups(results: Results) -> list[str]:
    """The setups that the run had; others were added later."""
    found = {setup for measure in results.values.values() for setups in measure.values() for setup in setups}
    return [setup for setup in SETUPS if setup in found]


def not_measured(results: Results) -> str:
    """List what the benchmark does not measure, and what was added to it after this run."""
    later = [f"`{setup}`" for setup in SETUPS if setup not in measured_setups(results)]
    later += [name for name in MEASURES if name not in results.values]
    if not later:
        return NOT_MEASURED
    text = f"Added to the benchmark after this run: {'; '.join(later)}."
    return NOT_MEASURED + fill(text, 120, initial_indent="- ", subsequent_indent="  ") + "\n"


def _cell(results: Results, name: str, transport: str, setup: str) -> str:
    value = results.value(name, transport, setup)
    if value is None:
        return ""
    ratios_to = MEASURES[name].ratios_to
    if not ratios_to or setup == ratios_to[0]:
        return number(value)
    others = [results.value(name, transport, other) for other in ratios_to if other != setup]
    return f"{number(value)} ({', '.join(number(value / other) if other else '-' for other in others)})"


def goals_table(results: Results) -> str:
    rows = [["goal", "setup", "target", "measured", ""]]
    for goal in GOALS:
        found, met = goal.found(results), goal.met(results)
        if found is not None:
            where = "" if goal.transport == "tcp" else f", {TRANSPORTS[goal.transport]}"  # type: ignore[index]
            rows.append(
                [
                    f"{goal.title}: {goal.measure}{where}",
                    goal.setup,
                    goal.target,
                    number(found),
                    "met" if met else "NOT MET",
                ]
            )
    return table(rows)


def missed_goals(results: Results) -> str:
    """Explain each goal that is not met."""
    explanations = []
    for goal in GOALS:
        if goal.met(results) is False:
            ratios = {other: _to_direct(results, goal, other) for other in ("socat", "haproxy")}
            why = (goal.hard or "The reason is not known.").format_map(ratios)
            found = f"{goal.title}: {number(goal.found(results) or 0)}, target: {goal.target}. "
            explanations.append(
                fill(found + " ".join(why.split()), 120, initial_indent="- ", subsequent_indent="  ")
            )
    return "\n".join(explanations) or "None."


def _to_direct(results: Results, goal: Goal, setup: str) -> str:
    value, direct = (results.value(goal.measure, goal.transport, one) for one in (setup, "direct"))
    return number(value / direct) if value and direct else "-"


def readme_table(results: Results) -> str:
    """Format the README's table."""
    wanted = (
        ("`_ping`, requests/s on one connection", "_ping/s, 1 connection", "tcp"),
        ("`_ping`, ms", "_ping p50", "tcp"),
        ("list of 100 containers of a real dockerd, ms", "containers/json p50, dockerd", "tcp"),
        ("new mutual-TLS connection, ms", "new connection p50", "tls"),
        ("download of 1 GB, MB/s", "download", "tcp"),
        ("a byte through `docker exec` and back, ms", "hijack echo p50", "tcp"),
        ("memory of an open `logs -f`, kB", "memory of an open logs -f", "tcp"),
    )
    setups = [setup for setup in measured_setups(results) if SETUPS[setup].only == ("",)]
    rows = [["", *setups]]
    for words, measure, transport in wanted:
        values = [results.value(measure, transport, setup) for setup in setups]
        rows.append([words, *("" if value is None else number(value) for value in values)])
    return table(rows)


def with_table(text: str, results: Results) -> str:
    """Return the README with the short table in its place."""
    before, _, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    assert end, f"README.md has no {BEGIN} and {END}"
    return f"{before}{BEGIN}\n{readme_table(results)}\n{END}{after}"


def page(results: Results) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in results.versions.items())
    setups = "\n".join(f"- `{name}`: {setup.description}" for name, setup in SETUPS.items())
    return f"""# What apispy costs

`make bench` generated this page on {results.when}; do not edit it. [docs/speed.md](../docs/speed.md) explains the
figures.

Machine: {results.machine}. Versions: {versions}.

On another machine only ratios are meaningful. Each figure is the median of several rounds, in which the setups take
turns. The ratios to direct and to mitmdump are in parentheses; for options, the ratios to `apispy -q` and `apispy`.

## Goals

{goals_table(results)}

## Missed goals

{missed_goals(results)}

## Setups

{setups}

## Figures

{measure_tables(results)}

## Not measured

{not_measured(results)}"""

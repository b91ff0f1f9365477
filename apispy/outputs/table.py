"""A table of figures."""


def table(rows: list[tuple[str, ...]]) -> str:
    """Columns of figures to the right, the name at the end; a rule below the headings and above the total.

    The first row are the headings, the last one is the total.
    """
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    text = [
        "  ".join([*(cell.rjust(width) for cell, width in zip(row, widths[:-1], strict=False)), row[-1]])
        for row in rows
    ]
    rule = "  ".join("-" * width for width in widths)
    return "\n".join([text[0], rule, *text[1:-1], rule, text[-1]]) + "\n"

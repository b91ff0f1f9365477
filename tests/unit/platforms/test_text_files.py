"""Text files have the same bytes on each system: Python's defaults on Windows are its code page, and CR LF."""

import ast
from pathlib import Path

ENCODING_AT = {"read_text": 0, "write_text": 1}
"""Where the encoding is among the arguments without a name."""


def test_text_has_an_encoding_and_one_kind_of_line_end() -> None:
    found = set()
    for path in sorted(Path("apispy").rglob("*.py")):
        text = path.read_text("utf-8")
        for call in ast.walk(ast.parse(text)) if "_text(" in text else ():
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
                continue
            name = call.func.attr
            if name not in ENCODING_AT or "/proc/" in ast.unparse(call):  # which only Linux has
                continue
            found.add(name)
            named = {keyword.arg for keyword in call.keywords}
            where = f"{path}:{call.lineno}"
            assert "encoding" in named or len(call.args) > ENCODING_AT[name], f"{where}: no encoding"
            assert name == "read_text" or "newline" in named, f"{where}: no newline"
    assert found == set(ENCODING_AT)

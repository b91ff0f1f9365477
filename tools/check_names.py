"""`make check`: find what the tests take from another file of this repository and what is not there.

mypy finds that elsewhere; tests have no types that it could check. This reads files and runs none: each ``from
apispy.units import NAME``, at the top of a file or inside a function, and each ``units.NAME`` of a module imported so.
Exit codes: 0 all are there; 1 some are not, each told in a line ``file:line: message``.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDERS = ("apispy", "addons", "bench", "fuzz", "tests", "tools")


@dataclass(frozen=True)
class Sources:
    """The files below *root*, by the names of their modules."""

    root: Path

    @cache  # noqa: B019  (one instance a run)
    def file(self, module: str) -> Path | None:
        """Return the file of a module or package; None if there is none."""
        at = self.root.joinpath(*module.split("."))
        return next((one for one in (at.with_suffix(".py"), at / "__init__.py") if one.is_file()), None)

    def is_ours(self, module: str) -> bool:
        """Whether *module* can only be of this repository."""
        top = module.partition(".")[0]
        return top in FOLDERS and (self.root / top).is_dir()

    @cache  # noqa: B019
    def is_module(self, module: str) -> bool:
        return self.file(module) is not None or self.root.joinpath(*module.split(".")).is_dir()

    @cache  # noqa: B019
    def text(self, path: Path) -> str:
        return path.read_text()

    def tree(self, path: Path) -> ast.Module:
        return ast.parse(self.text(path), str(path))

    @cache  # noqa: B019
    def names(self, module: str) -> frozenset[str]:
        """Return the names that *module* has, without those of the modules in it.

        A module with a ``__getattr__`` (apispy/lazy.py) has all texts in its file as names: its table is among them.
        """
        path = self.file(module)
        if path is None:
            return frozenset()
        tree = self.tree(path)
        found = set(bound(tree))
        if "__getattr__" in found:
            texts = {one.value for one in ast.walk(tree) if isinstance(one, ast.Constant)}
            found |= {one for one in texts if isinstance(one, str) and not self.is_module(f"{module}.{one}")}
        for one in ast.walk(tree):
            if isinstance(one, ast.ImportFrom) and one.names[0].name == "*":
                found |= self.names(source(one, self.package(path)))
        return frozenset(found | {"__file__", "__name__", "__doc__", "__path__", "__dict__", "__spec__"})

    def package(self, path: Path) -> str:
        """Return the package that relative imports in the file *path* begin from."""
        return ".".join(path.relative_to(self.root).parent.parts)

    @cache  # noqa: B019
    def defines(self, module: str, name: str) -> bool:
        """Whether *module* has a *name*, other than that of a module in it."""
        path = self.file(module)
        if path is None:
            return False
        at_a_line = rf"^(?:(?:async )?def |class |type )?{name}\b"  # most are found so, 50 times as fast
        return bool(re.search(at_a_line, self.text(path), re.MULTILINE)) or name in self.names(module)

    def has(self, module: str, name: str) -> bool:
        return self.defines(module, name) or self.is_module(f"{module}.{name}")


def bound(scope: ast.AST) -> Iterator[str]:
    """Yield the names that a module or class binds: not those inside its functions and classes, but ``global`` ones."""
    for node in ast.iter_child_nodes(scope):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
                yield from (
                    name for one in ast.walk(node) if isinstance(one, ast.Global) for name in one.names
                )
                continue
            case ast.Lambda():
                continue
            case ast.alias():
                yield node.asname or node.name.partition(".")[0]
            case ast.Name(ctx=ast.Store()):
                yield node.id
            case ast.TypeAlias(name=ast.Name(id=name)):
                yield name
            case (
                ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
                | ast.ExceptHandler(name=str(name))
            ):
                yield name
        yield from bound(node)


def source(node: ast.ImportFrom, package: str) -> str:
    """Return the module that ``from ... import`` means in a file of *package*."""
    if not node.level:
        return node.module or ""
    parts = package.split(".") if package else []
    return ".".join([*parts[: len(parts) - node.level + 1], *([node.module] if node.module else [])])


def missing(sources: Sources, path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of the file *path* that take what is not there, and what that is."""
    modules: dict[str, str] = {}  # that have a name in this file
    others: set[str] = set()  # names of anything else
    attributes: list[tuple[str, ast.Attribute]] = []
    for node in ast.walk(sources.tree(path)):
        match node:
            case ast.Attribute(value=ast.Name(id=name)):
                attributes.append((name, node))
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                others.add(name)
            case ast.Import():
                yield from _modules(sources, node, modules)
            case ast.ImportFrom():
                yield from _names(sources, node, source(node, sources.package(path)), modules)
    for name, node in attributes:
        if (module := modules.get(name, "")) and name not in others and not sources.has(module, node.attr):
            yield node.lineno, f"{module} has no {node.attr}"


def _modules(sources: Sources, node: ast.Import, modules: dict[str, str]) -> Iterator[tuple[int, str]]:
    """Yield what is wrong with ``import ...``; note in *modules* those that get a name of their own."""
    for one in node.names:
        if sources.is_ours(one.name) and not sources.is_module(one.name):
            yield node.lineno, f"there is no module {one.name}"
        elif sources.is_ours(one.name) and one.asname:
            modules[one.asname] = one.name


def _names(
    sources: Sources, node: ast.ImportFrom, module: str, modules: dict[str, str]
) -> Iterator[tuple[int, str]]:
    """Yield what is wrong with ``from module import ...``; note in *modules* the names that are modules."""
    for one in node.names:
        if not sources.is_ours(module) or one.name == "*" or sources.defines(module, one.name):
            continue
        if not sources.is_module(f"{module}.{one.name}"):
            yield node.lineno, f"{module} has no {one.name}"
        modules[one.asname or one.name] = f"{module}.{one.name}"


def problems(root: Path) -> Iterator[str]:
    """Yield ``file:line: message`` for all that the tests below *root* take and that is not there."""
    sources = Sources(root)
    for path in sorted((root / "tests").rglob("*.py")):
        for line, message in sorted(missing(sources, path)):
            yield f"{path.relative_to(root)}:{line}: {message}"


if __name__ == "__main__":
    found = list(problems(Path(__file__).parents[1]))
    print(*found, sep="\n", end="\n" if found else "", file=sys.stderr)
    sys.exit(bool(found))

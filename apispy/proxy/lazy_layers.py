"""Packages that mitmproxy imports and apispy hardly needs, imported on first use.

``mitmproxy.proxy.layers`` imports the layers of all protocols: HTTP, WebSocket, DNS, and QUIC with its library.
That is a quarter of the time in which apispy starts, and apispy uses the layer of TLS only. mitmproxy's connection
handler imports the packages, but refers to them only in modes that apispy does not have. mitmproxy's options can be
read from YAML. Of WebSockets it uses one class, whose module computes a table of 65,536 bytes when it is imported.

So these packages are in ``sys.modules`` without having been run. A module in them is imported as usual, alone; any
other name runs the package itself, which then is what it always is.
"""

import importlib
import sys
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

LAYERS = "mitmproxy.proxy.layers"

LAZY = {
    LAYERS: "",
    f"{LAYERS}.http": "HTTPMode",
    "ruamel.yaml": "",
    "wsproto": "",
    "wsproto.frame_protocol": "Opcode",
}
"""By package or module: the only class that mitmproxy imports from it when it is imported itself."""


class LazyPackage(ModuleType):
    """A package that runs when a name in it is looked up that is not one of its modules."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if "__path__" in vars(self) and find_spec(f"{self.__name__}.{name}") is not None:
            return importlib.import_module(f"{self.__name__}.{name}")
        return getattr(run(self), name)


class LazyName:
    """A class in a lazy package. Its attributes and objects are those of the class, and run the package."""

    def __init__(self, package: ModuleType, name: str) -> None:
        self._package, self._name = package, name

    def __getattr__(self, name: str) -> Any:
        return getattr(self._class(), name)

    def __call__(self, *values: Any) -> Any:
        return self._class()(*values)

    def __ror__(self, other: Any) -> "LazyName":
        """Stand for the class in an annotation: ``int | Opcode``."""
        return self

    def _class(self) -> Any:
        return getattr(run(self._package), self._name)


def install() -> None:
    """Make the packages lazy that are not imported already; all are in a process of mitmproxy itself.

    Without mitmproxy (`pip install apispy-core`) it does nothing: some files here import it only when they are used.
    """
    if LAYERS in sys.modules or find_spec("mitmproxy") is None:
        return
    for package, name in LAZY.items():
        if package not in sys.modules:
            added = _add(package)
            if name:
                vars(added)[name] = LazyName(added, name)


def _add(name: str) -> ModuleType:
    spec = find_spec(name)
    assert spec is not None
    package = module_from_spec(spec)
    package.__class__ = LazyPackage
    sys.modules[name] = package
    parent, _, child = name.rpartition(".")
    if parent in sys.modules:
        vars(sys.modules[parent])[child] = package  # as an import does
    return package


def run(package: ModuleType) -> ModuleType:
    """Run a lazy package, once. Returns it."""
    spec = package.__spec__
    if isinstance(package, LazyPackage) and spec is not None and spec.loader is not None:
        package.__class__ = ModuleType  # type: ignore[assignment]
        spec.loader.exec_module(package)
    return package

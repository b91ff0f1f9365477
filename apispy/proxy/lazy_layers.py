"""mitmproxy's packages of protocol layers, imported on first use.

``mitmproxy.proxy.layers`` imports the layers of all protocols: HTTP, WebSocket, DNS, and QUIC with its library.
That is a quarter of the time in which apispy starts, and apispy uses the layer of TLS only. mitmproxy's connection
handler imports the packages, but refers to them only in modes that apispy does not have.

So both packages are in ``sys.modules`` without having been run. A module in them is imported as usual, alone; any other
name runs the package itself, which then is what it always is.
"""

import importlib
import sys
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

LAYERS = "mitmproxy.proxy.layers"
HTTP = f"{LAYERS}.http"

MODE = "HTTPMode"
"""The only name that mitmproxy's connection handler imports from the package HTTP."""


class LazyPackage(ModuleType):
    """A package that runs when a name in it is looked up that is not one of its modules."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if find_spec(f"{self.__name__}.{name}") is not None:
            return importlib.import_module(f"{self.__name__}.{name}")
        return getattr(run(self), name)


class LazyName:
    """A class in a lazy package. Its attributes are those of the class, and run the package."""

    def __init__(self, package: ModuleType, name: str) -> None:
        self._package, self._name = package, name

    def __getattr__(self, name: str) -> Any:
        return getattr(getattr(run(self._package), self._name), name)


def install() -> None:
    """Make both packages lazy, unless they are imported already, as in a process of mitmproxy itself.

    Without mitmproxy (`pip install apispy-core`) it does nothing: some files here import it only when they are used.
    """
    if LAYERS in sys.modules or find_spec("mitmproxy") is None:
        return
    layers, http = _add(LAYERS), _add(HTTP)
    vars(layers)["http"] = http  # as an import does
    vars(http)[MODE] = LazyName(http, MODE)


def _add(name: str) -> ModuleType:
    spec = find_spec(name)
    assert spec is not None
    package = module_from_spec(spec)
    package.__class__ = LazyPackage
    sys.modules[name] = package
    return package


def run(package: ModuleType) -> ModuleType:
    """Run a lazy package, once. Returns it."""
    spec = package.__spec__
    if isinstance(package, LazyPackage) and spec is not None and spec.loader is not None:
        package.__class__ = ModuleType  # type: ignore[assignment]
        spec.loader.exec_module(package)
    return package

"""A server of the Model Context Protocol for calls: JSON-RPC over standard input and output."""

from apispy.app.mcp.calls import FileCalls
from apispy.app.mcp.server import serve

__all__ = ["FileCalls", "serve"]

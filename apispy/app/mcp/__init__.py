"""A server of the Model Context Protocol for a capture: JSON-RPC over standard input and output."""

from apispy.app.mcp.server import serve

__all__ = ["serve"]

"""Sends spans and metrics of a running session to OpenTelemetry (``--otlp``).

The output makes the spans in the event loop, when the traffic pauses, as other outputs do; a thread sends them.
"""

from apispy.app.otlp.export import OtlpExport
from apispy.app.otlp.settings import Settings, settings_of

__all__ = ["OtlpExport", "Settings", "settings_of"]

"""Names of HTTP/2 frames, and the content of frames without a payload. Source: RFC 9113, section 6."""

from typing import Any

from h2.errors import ErrorCodes
from h2.settings import SettingCodes
from hyperframe import frame as frames

NAMES: dict[type[frames.Frame], str] = {
    frames.DataFrame: "DATA",
    frames.HeadersFrame: "HEADERS",
    frames.PriorityFrame: "PRIORITY",
    frames.RstStreamFrame: "RST_STREAM",
    frames.SettingsFrame: "SETTINGS",
    frames.PushPromiseFrame: "PUSH_PROMISE",
    frames.PingFrame: "PING",
    frames.GoAwayFrame: "GOAWAY",
    frames.WindowUpdateFrame: "WINDOW_UPDATE",
    frames.ContinuationFrame: "CONTINUATION",
}
"""The frames that are decoded. Other frames are only counted, as RFC 9113 requires of an endpoint."""

MAX_SETTINGS = 20
"""Settings that one item lists; seven are defined."""


def frame_name(frame: frames.Frame) -> str:
    return NAMES.get(type(frame), f"type {frame.type}")


def describe_frame(frame: frames.Frame) -> dict[str, Any]:
    """Describe a frame, without PING's bytes and GOAWAY's debug data, which may contain anything."""
    match frame:
        case frames.SettingsFrame():
            settings = list(frame.settings.items())[:MAX_SETTINGS]
            return {"ack": _ack(frame), "settings": {_setting(name): value for name, value in settings}}
        case frames.PingFrame():
            return {"ack": _ack(frame)}
        case frames.WindowUpdateFrame():
            return {"stream": frame.stream_id, "increment": frame.window_increment}
        case frames.RstStreamFrame():
            return {"stream": frame.stream_id, "error": _error(frame.error_code)}
        case frames.GoAwayFrame():
            debug = len(frame.additional_data)
            return {"last": frame.last_stream_id, "error": _error(frame.error_code), "debug": debug}
        case frames.PriorityFrame():
            return {"stream": frame.stream_id, "depends_on": frame.depends_on}
    return {"stream": frame.stream_id}


def _ack(frame: frames.Frame) -> bool:
    return "ACK" in frame.flags


def _setting(number: int) -> str:
    return SettingCodes(number).name if number in list(SettingCodes) else f"setting {number}"


def _error(number: int) -> str:
    return ErrorCodes(number).name if number in list(ErrorCodes) else f"error {number}"

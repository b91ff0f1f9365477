"""Recognises mitmproxy's flow files. ``apispy.proxy.flow_files`` reads them, because that needs mitmproxy."""

import re

from apispy.importers.formats import Format, register

_FIRST_KEY = re.compile(rb"\A\d{1,12}:\d{1,2}:[a-z_]{2,20};")


def is_flow_file(head: bytes) -> bool:
    """Whether *head* is a tnetstring, LENGTH ":" DATA "}", whose data begins with a key, LENGTH ":" NAME ";"."""
    return _FIRST_KEY.match(head) is not None


register(Format("flows", "a flow file of mitmproxy", is_flow_file, None, "Record it again: mitmdump -w FILE"))

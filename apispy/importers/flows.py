"""How mitmproxy's flow files begin. What reads them is in apispy.proxy.flow_files, for it needs mitmproxy."""

import re

from apispy.importers.base import Format, register

_FIRST = re.compile(rb"\A\d{1,12}:\d{1,2}:[a-z_]{2,20};")


def is_flows(head: bytes) -> bool:
    """A tnetstring, LENGTH ":" DATA "}", whose data begins with a key: a text, LENGTH ":" NAME ";"."""
    return _FIRST.match(head) is not None


register(Format("flows", "a flow file of mitmproxy", is_flows, None))

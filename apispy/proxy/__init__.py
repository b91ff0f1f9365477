"""The proxy: mitmproxy's core for connections and TLS, with layers that forward bytes unchanged."""

from apispy.proxy.lazy_layers import install

install()  # before anything here imports mitmproxy

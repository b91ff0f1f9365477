"""A daemon that is fast enough not to be the bottleneck: nginx with the two responses that the measures request.

It is also the receiver of what ``--otlp`` sends.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.addresses import ServerAddresses
from bench.data import containers
from tests.e2e.wait import until

CONFIG = """
daemon off;
worker_processes 1;
pid {where}/pid;
error_log {where}/log warn;
events {{ worker_connections 1024; multi_accept on; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 3600;
    tcp_nodelay on;
    open_file_cache max=10;
    server_tokens off;
    client_body_temp_path {where}/body;
    proxy_temp_path {where}/proxy;
    fastcgi_temp_path {where}/fastcgi;
    uwsgi_temp_path {where}/uwsgi;
    scgi_temp_path {where}/scgi;
    server {{
        listen {tcp} backlog=1024;
        listen {tls} ssl backlog=1024;
        listen unix:{unix} backlog=1024;
        ssl_certificate {certs}/cert.pem;
        ssl_certificate_key {certs}/key.pem;
        ssl_client_certificate {certs}/ca.pem;
        ssl_verify_client on;
        ssl_protocols TLSv1.2 TLSv1.3;
        add_header Api-Version 1.41;
        add_header Docker-Experimental false;
        add_header Ostype linux;
        location /v1/ {{ client_max_body_size 0; return 200; }}  # a receiver of OpenTelemetry, for --otlp
        location = /_ping {{ default_type text/plain; return 200 OK; }}
        location = /v1.41/containers/json {{ default_type application/json; alias {where}/containers.json; }}
    }}
}}
"""


@dataclass
class Mock:
    """A running nginx at *addresses*."""

    process: subprocess.Popen[bytes]
    addresses: ServerAddresses

    @classmethod
    def start(cls, addresses: ServerAddresses) -> "Mock":
        where = addresses.where
        (where / "containers.json").write_bytes(containers())
        config = where / "nginx.conf"
        config.write_text(
            CONFIG.format(
                where=where,
                certs=addresses.server_certs,
                tcp=addresses.tcp.host.removeprefix("tcp://"),
                tls=addresses.tls.host.removeprefix("tcp://"),
                unix=addresses.unix.path,
            )
        )
        config.chmod(0o644)
        command = ["nginx", "-p", str(where), "-e", str(where / "log"), "-c", str(config)]
        mock = cls(subprocess.Popen(command, stdin=subprocess.DEVNULL), addresses)
        until(lambda: Path(addresses.unix.path).exists(), 10, "nginx to listen")
        Path(addresses.unix.path).chmod(0o666)
        return mock

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)

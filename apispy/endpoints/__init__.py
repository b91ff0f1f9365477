"""Where a daemon is, where apispy listens, how to dial, and what to say when dialling fails. Stdlib only."""

from .address import TLS, Endpoint
from .dial import connect, ssh_command, ssh_reason, ssh_socket, tls_context
from .explain import explain
from .listening import Listen, certificate_hosts, listen
from .probe import Daemon, probe
from .upstream import upstream

__all__ = [
    "TLS",
    "Daemon",
    "Endpoint",
    "Listen",
    "certificate_hosts",
    "connect",
    "explain",
    "listen",
    "probe",
    "ssh_command",
    "ssh_reason",
    "ssh_socket",
    "tls_context",
    "upstream",
]

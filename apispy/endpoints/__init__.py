"""Where a daemon is, where apispy listens, how to dial, and what to say when dialling fails. Stdlib only."""

from apispy.endpoints.address import TLS, Endpoint
from apispy.endpoints.dial import connect, ssh_command, ssh_reason, ssh_socket, tls_context
from apispy.endpoints.explain import DaemonError, explain
from apispy.endpoints.listening import Listen, certificate_hosts, dialled_as, listen
from apispy.endpoints.probe import Daemon, probe
from apispy.endpoints.upstream import upstream

__all__ = [
    "TLS",
    "Daemon",
    "DaemonError",
    "Endpoint",
    "Listen",
    "certificate_hosts",
    "connect",
    "dialled_as",
    "explain",
    "listen",
    "probe",
    "ssh_command",
    "ssh_reason",
    "ssh_socket",
    "tls_context",
    "upstream",
]

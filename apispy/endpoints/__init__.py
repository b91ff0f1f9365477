"""Where a daemon is, where apispy listens, how to dial, and what to say when dialling fails. Stdlib only."""

from apispy.endpoints.address import TLS, Endpoint
from apispy.endpoints.diagnosis import DaemonError, diagnose
from apispy.endpoints.dial import connect, ssh_command, ssh_reason, ssh_socket, tls_context
from apispy.endpoints.listener_address import Listen, certificate_hosts, dialled_as, listen
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
    "diagnose",
    "dialled_as",
    "listen",
    "probe",
    "ssh_command",
    "ssh_reason",
    "ssh_socket",
    "tls_context",
    "upstream",
]

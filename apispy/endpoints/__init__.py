"""Addresses of daemons and listeners, dialling, and the diagnosis of failures. Standard library only."""

from apispy.endpoints.address import TLS, Endpoint, is_loopback
from apispy.endpoints.diagnosis import DaemonError, Http2Only, diagnose
from apispy.endpoints.dial import connect, ssh_command, ssh_socket, ssh_stderr, tls_context
from apispy.endpoints.listener_address import Listen, certificate_hosts, client_address, listen, with_base_of
from apispy.endpoints.probe import Daemon, probe
from apispy.endpoints.upstream import remark_on_name, upstream

__all__ = [
    "TLS",
    "Daemon",
    "DaemonError",
    "Endpoint",
    "Http2Only",
    "Listen",
    "certificate_hosts",
    "client_address",
    "connect",
    "diagnose",
    "is_loopback",
    "listen",
    "probe",
    "remark_on_name",
    "ssh_command",
    "ssh_socket",
    "ssh_stderr",
    "tls_context",
    "upstream",
    "with_base_of",
]

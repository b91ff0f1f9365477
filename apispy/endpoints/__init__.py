"""Where a daemon is, where apispy listens, how to dial, and what to say when dialling fails. Stdlib only."""

from .address import TLS, Endpoint
from .listening import Listen, certificate_hosts, listen
from .upstream import upstream

__all__ = ["TLS", "Endpoint", "Listen", "certificate_hosts", "listen", "upstream"]

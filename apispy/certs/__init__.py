"""apispy's certificate authority and its certificates, in the file layout that docker expects.

The only package that imports ``cryptography``. In use::

    store = open_store(default_dir())            # DOCKER_CERT_PATH=<store.directory> works at once
    files = store.server_for(["10.0.0.5"])       # files.cert, files.key, files.ca for the listener

What a user asks for goes by ``make`` (files for a daemon and its clients) and ``instructions`` (what to do with them),
``report_on_directory`` (what is in a directory, and what is wrong with it) and ``check`` (a handshake, step by step).
"""

from apispy.certs.check import HandshakeStep, check
from apispy.certs.describe import hosts_in
from apispy.certs.directory_report import DirectoryReport, report_on_directory
from apispy.certs.instructions import instructions
from apispy.certs.make import DAYS, MAX_DAYS, Made, Order, Part, make
from apispy.certs.store import ServerFiles, Store, default_dir, open_store
from apispy.certs.validity import validity_period

__all__ = [
    "DAYS",
    "MAX_DAYS",
    "DirectoryReport",
    "HandshakeStep",
    "Made",
    "Order",
    "Part",
    "ServerFiles",
    "Store",
    "check",
    "default_dir",
    "hosts_in",
    "instructions",
    "make",
    "open_store",
    "report_on_directory",
    "validity_period",
]

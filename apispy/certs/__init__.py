"""Our own certificate authority and what it issues, in the file layout that docker expects.

The only room that imports ``cryptography``. In use::

    store = open_store(default_dir())            # DOCKER_CERT_PATH=<store.directory> works straight away
    files = store.server_for(["10.0.0.5"])       # files.cert, files.key, files.ca for the listener
"""

from apispy.certs.lifetime import lifetime
from apispy.certs.store import ServerFiles, Store, default_dir, open_store

__all__ = ["ServerFiles", "Store", "default_dir", "lifetime", "open_store"]

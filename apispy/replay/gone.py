"""What ends a connection whose client has left."""


class ClientDisconnected(Exception):
    """The client has gone; nothing can be told to it any more."""

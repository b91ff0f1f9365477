"""The rows of the table of operations, one file for each part of the API. Data only.

Ids, methods, paths, tags and versions are those of the published descriptions of API 1.0 to 1.55; what the daemon
routes but does not document stands in ``undocumented``, what it no longer routes in ``gone``. Formats are ours: the
descriptions do not tell how an answer is framed (they call a stream of JSON objects ``application/json``), so they were
written by hand from what the daemon sends; so were the sentences and the secrets.

Most commands were seen to cause their operation, with docker 28.2.2 and dockerd 20.10.24. Not tried: those on plugins
that work, checkpoints, the sizes of terminals, and calls that are older or newer than these two.
"""

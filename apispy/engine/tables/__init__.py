"""The rows of the table of operations, one file for each part of the API. Data only.

IDs, methods, paths, tags and versions are those of the published descriptions of API 1.0 to 1.55. ``undocumented`` has
operations that the daemon routes but does not document, ``removed`` those that it no longer routes. Formats, sentences
and secret fields are written by hand: the descriptions do not say how a response is framed (they call a stream of JSON
objects ``application/json``).

Most commands were observed to make their calls, with docker 28.2.2 and dockerd 20.10.24. Not tried: commands on working
plugins, checkpoints, terminal sizes, and calls that are older or newer than these two.
"""

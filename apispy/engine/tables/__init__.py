"""The rows of the table of operations, one file for each part of the API. Data only.

Ids, methods and paths are those of the published descriptions of API 1.18 to 1.55; what the daemon routes but does
not document, and what it no longer routes, stands in ``unlisted``. Formats are ours: the descriptions do not tell how
an answer is framed (they call a stream of JSON objects ``application/json``), so that column was written by hand from
what the daemon sends.
"""

"""`make soak`: mixed real load through apispy for minutes, while the daemon is killed and restarted now and then.

Memory, descriptors and tasks must not grow, and the files of the rotated capture must hold every call of a client
exactly once.
"""

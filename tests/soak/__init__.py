"""`make soak`: mixed real load through apispy for minutes, with the daemon dying and coming back, and its accounts:
memory, descriptors and tasks stay flat, and every call that a client made is in the capture exactly once.
"""

"""apispy: see what Docker clients and daemons say to each other, without being seen."""

__version__ = "0.1.0"

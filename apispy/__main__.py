"""``python -m apispy`` is ``apispy``."""

from apispy.cli import main

main()

"""The commands, one file each, which defines ``command``. ``apispy.cli.group`` finds them by their file names."""

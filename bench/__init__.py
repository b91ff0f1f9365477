"""How fast apispy is, side by side with what else can stand between a Docker client and a daemon: ``make bench``."""

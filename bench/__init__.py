"""apispy's speed, compared with other proxies between a Docker client and a daemon: ``make bench``."""

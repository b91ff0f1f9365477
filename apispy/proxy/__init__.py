"""The live proxy: the only package that uses mitmproxy and pyOpenSSL. ``service`` runs it."""

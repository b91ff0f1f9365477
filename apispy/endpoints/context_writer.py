"""A docker context of apispy's own: written and removed in docker's store, as the docker CLI does it.

Measured with docker CLI 28.2.2: meta.json 0644 in directories 0755; TLS files 0600 in directories 0700.
"""

import json
from typing import Any

from apispy.endpoints.address import Endpoint
from apispy.endpoints.contexts import DEFAULT, NAME, Store, configured
from apispy.endpoints.files import make_directory, write
from apispy.endpoints.pem_files import copy_pem_files, remove_tree
from apispy.errors import ApispyError, UsageError

MARK = "apispy"
"""A key in Metadata, where docker keeps what it does not know."""

_NOT_OURS = (
    "The docker context {name!r} is not apispy's. Choose another with --name, or add --force to {what} it."
)


def add_context(store: Store, name: str, endpoint: Endpoint, *, force: bool = False) -> None:
    """Make or renew the context *name*. UsageError when it is not ours, unless *force*, or cannot be a name."""
    if not NAME.fullmatch(name) or name == DEFAULT:
        raise UsageError(
            f"Context name {name!r}: docker wants a letter or digit and then letters, digits, '_', '.', '+' and '-', "
            'at least two in all, and not "default".'
        )
    if store.meta_file(name).exists() and not force and not is_ours(store, name):
        raise UsageError(_NOT_OURS.format(name=name, what="replace"))
    make_directory(store.config)
    make_directory(store.config / "contexts", 0o755)
    if endpoint.tls:
        copy_pem_files(endpoint.tls, store.tls_dir(name))
    else:
        remove_tree(store.tls_dir(name).parent)
    meta = store.meta_file(name)
    make_directory(meta.parent, 0o755)
    write(meta, json.dumps(_meta(name, endpoint), separators=(",", ":")).encode(), 0o644)


def remove_context(store: Store, name: str, *, force: bool = False) -> None:
    """Remove the context *name*. UsageError when there is none; unless *force* also when it is not ours or in use."""
    store.read(name)  # says what there is
    if not force and not is_ours(store, name):
        raise UsageError(_NOT_OURS.format(name=name, what="remove"))
    if not force and configured(store.config) == name:
        raise UsageError(
            f"{name!r} is docker's current context; without it docker would not start. Type first: docker context use "
            "default"
        )
    remove_tree(store.meta_file(name).parent)
    remove_tree(store.tls_dir(name).parent)


def is_ours(store: Store, name: str) -> bool:
    """Whether apispy made the context *name*."""
    try:
        metadata = store.read(name).get("Metadata")
    except ApispyError:
        return False
    return isinstance(metadata, dict) and MARK in metadata


def _meta(name: str, endpoint: Endpoint) -> dict[str, Any]:
    skip = endpoint.tls is not None and not endpoint.tls.verify
    return {
        "Name": name,
        "Metadata": {"Description": "Made by apispy", MARK: True},
        "Endpoints": {"docker": {"Host": str(endpoint), "SkipTLSVerify": skip}},
    }

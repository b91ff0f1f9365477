"""The categories of secrets as the report names them, and the category of a path in a body."""

from apispy.decoders.registry_auth import IGNORED
from apispy.engine.operation import Operation
from apispy.redaction.json_paths import Path

ENV = "environment values"
BUILD = "build arguments"
REGISTRY = "registry credentials"
IGNORED_REGISTRY = IGNORED
HEADER = "header credentials"
URL = "URL credentials"
SWARM = "swarm tokens"
KEYS = "private keys"
PARAMETER = "secret parameters"
RULE = "user-chosen values"
REPEATED = "repeated secrets"
BODY = "withheld streams"
GRPC_ERROR = "gRPC error texts"
TRACE = "build messages"
OPTION = "driver options"
COMMAND = "command lines"
LABEL = "labels"
OTHER = "other secrets"

BY_FIELD = {
    "env": ENV,
    "createdby": BUILD,
    "value": ENV,  # of a plugin's Config.Env
    "password": REGISTRY,
    "auth": REGISTRY,
    "identitytoken": REGISTRY,
    "registrytoken": REGISTRY,
    "jointoken": SWARM,
    "jointokens": SWARM,
    "unlockkey": "unlock keys",
    "signingcakey": KEYS,
    "splunk-token": OPTION,
    "createcommand": COMMAND,  # Podman's, which repeats the values of -e
    "httpproxy": URL,
    "httpsproxy": URL,
}
"""The category by the last name of a path, in lower case."""

BY_TAG = {"Secret": "secrets", "Config": "configs", "Podman": "secrets"}


def kind_at(operation: Operation, path: Path) -> str:
    """The category of the secret at *path* in a body of *operation*."""
    last = str(path[-1]) if path else ""
    if last in ("data", ""):  # "": the whole body
        return ENV if operation.id == "PluginSet" else BY_TAG.get(operation.tag, OTHER)
    if last in ("o", "password") and len(path) > 1:
        return OPTION
    return BY_FIELD.get(last, OTHER)

"""Docker Desktop's own API and Docker Model Runner's, beside the Engine API on the same socket. The ids are ours.

Source: docs.docker.com/ai/model-runner/api-reference. Model Runner's calls are those of the OpenAI API, under
``/engines``, or with the name of an inference engine ``/engines/llama.cpp``. Docker Desktop has them under
``/exp/vDD4.40`` and the like too. ``lookup`` takes all these forms.
"""

from apispy.engine.operation import Operation

MODELS = (
    Operation(
        "ModelList",
        "GET",
        "/models",
        tag="Model Runner",
        documented=False,
        does="Lists the language models that Docker Model Runner has.",
        commands=("docker model ls",),
    ),
    Operation(
        "ModelCreate",
        "POST",
        "/models/create",
        tag="Model Runner",
        documented=False,
        does="Pulls a language model from a registry.",
        commands=("docker model pull",),
        request="json",
        response="progress",
        opens="always",
        shows=("body.from",),
    ),
    Operation(
        "ModelInspect",
        "GET",
        "/models/{name}",
        tag="Model Runner",
        documented=False,
        does="Shows one language model.",
        commands=("docker model inspect",),
    ),
    Operation(
        "ModelDelete",
        "DELETE",
        "/models/{name}",
        tag="Model Runner",
        documented=False,
        does="Removes a language model.",
        commands=("docker model rm",),
    ),
)

# The response is one JSON object, or with "stream" in the request a stream that declares its own type.
ENGINES = (
    Operation(
        "ModelChat",
        "POST",
        "/engines/v1/chat/completions",
        tag="Model Runner",
        documented=False,
        does="Continues a conversation with a language model.",
        commands=("docker model run",),
        request="json",
        shows=("body.model",),
    ),
    Operation(
        "ModelCompletion",
        "POST",
        "/engines/v1/completions",
        tag="Model Runner",
        documented=False,
        does="Continues a text with a language model.",
        request="json",
        shows=("body.model",),
    ),
    Operation(
        "ModelEmbedding",
        "POST",
        "/engines/v1/embeddings",
        tag="Model Runner",
        documented=False,
        does="Turns texts into vectors with a language model.",
        request="json",
        shows=("body.model",),
    ),
    Operation(
        "ModelEngineList",
        "GET",
        "/engines/v1/models",
        tag="Model Runner",
        documented=False,
        does="Lists the language models, in the form of the OpenAI API.",
    ),
)

DESKTOP = Operation(
    "Desktop",
    "",
    "/exp/{path}",
    tag="Docker Desktop",
    documented=False,
    does="Belongs to Docker Desktop's own API, which is not the engine's.",
    response="",
)
"""Any other call of it, whatever its method."""

MODEL_RUNNER = Operation(
    "ModelRunner",
    "",
    "/engines/{path}",
    tag="Model Runner",
    documented=False,
    does="Belongs to Docker Model Runner's API, which is not the engine's.",
    response="",
)
"""Any other call of it, whatever its method."""

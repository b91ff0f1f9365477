"""The gRPC methods of BuildKit and the fields of their messages that apispy reads: tables only.

A field that is not here is never shown: a message lists its number and size as ``unknown``. The type of a field decides
what redaction does with its value (``apispy.redaction.grpc_messages``), so that nothing is shown by default:

``text``      text for people or a name: shown, searched for secrets
``step``      the name of a build step, which repeats a line of the Dockerfile: searched as a command line
``output``    what a program printed: shown like the output of a container
``number``, ``flag``, ``time``, ``nanoseconds``  shown; times are in Unix seconds
``id``        the ID of a trace or a span: shown in hexadecimal; "" if it has the size of neither
``size``      bytes that are never read: only their number, of a list all together
``secret``    hidden, and hidden wherever it is repeated
``options``   a map of the options of a frontend, build arguments among them; ``attributes``: a map of those of an
              exporter, a cache, a worker; ``metadata``: a map of results. Names are shown; of the values only those
              that redaction lists by name
``answer``    a map with the answer of a frontend, see ``build_answer``
``variable``  the value of the build argument in ``name``
a message     another row of MESSAGES

A ``*`` after the type marks a list. Sources: the .proto files of github.com/moby/buildkit (api/services/control,
frontend/gateway/pb, session, solver/pb; for answers frontend/subrequests), github.com/tonistiigi/fsutil/types and
github.com/open-telemetry/opentelemetry-proto, as of August 2026.
"""

from functools import cache

from apispy.structs import Struct

MESSAGES = {
    # -- Control
    "SolveRequest": "1 Ref text, 2 Definition size, 3 Exporter text, 4 ExporterAttrs attributes, 5 Session text,"
    " 6 Frontend text, 7 FrontendAttrs options, 8 Cache CacheOptions, 9 Entitlements text*, 10 FrontendInputs size,"
    " 11 Internal flag, 13 Exporters Exporter*, 14 EnableSessionExporter flag",
    "CacheOptions": "4 Exports CacheEntry*, 5 Imports CacheEntry*",
    "CacheEntry": "1 Type text, 2 Attrs attributes",
    "Exporter": "1 Type text, 2 Attrs attributes",
    "SolveResponse": "1 ExporterResponse metadata",
    "StatusRequest": "1 Ref text",
    "StatusResponse": "1 vertexes Vertex*, 2 statuses VertexStatus*, 3 logs VertexLog*, 4 warnings VertexWarning*",
    "Vertex": "1 digest text, 2 inputs text*, 3 name step, 4 cached flag, 5 started time, 6 completed time,"
    " 7 error step, 8 progressGroup ProgressGroup",
    "ProgressGroup": "1 id text, 2 name step, 3 weak flag",
    "VertexStatus": "1 ID step, 2 vertex text, 3 name step, 4 current number, 5 total number, 6 timestamp time,"
    " 7 started time, 8 completed time",
    "VertexLog": "1 vertex text, 2 timestamp time, 3 stream number, 4 msg output",
    "VertexWarning": "1 vertex text, 2 level number, 3 short step, 4 detail step*, 5 url text, 6 info SourceInfo,"
    " 7 ranges Range*",
    "SourceInfo": "1 filename text, 2 data size, 3 definition size, 4 language text",
    "Range": "1 start Position, 2 end Position",
    "Position": "1 line number, 2 character number",
    "ListWorkersRequest": "1 filter text*",
    "ListWorkersResponse": "1 record WorkerRecord*",
    "WorkerRecord": "1 ID text, 2 Labels attributes, 3 platforms Platform*, 4 GCPolicy size,"
    " 5 BuildkitVersion BuildkitVersion",
    "Platform": "1 Architecture text, 2 OS text, 3 Variant text, 4 OSVersion text",
    "BuildkitVersion": "1 package text, 2 version text, 3 revision text, 4 dockerfileVersion text",
    "InfoRequest": "",
    "InfoResponse": "1 buildkitVersion BuildkitVersion",
    "DiskUsageRequest": "1 filter text*, 2 ageLimit number",
    "DiskUsageResponse": "1 record UsageRecord*",
    "UsageRecord": "1 ID text, 2 Mutable flag, 3 InUse flag, 4 Size number, 6 CreatedAt time, 7 LastUsedAt time,"
    " 8 UsageCount number, 9 Description step, 10 RecordType text, 11 Shared flag, 12 Parents text*",
    "PruneRequest": "1 filter text*, 2 all flag, 3 keepDuration number, 4 reservedSpace number,"
    " 5 maxUsedSpace number, 6 minFreeSpace number",
    "BuildHistoryRequest": "1 ActiveOnly flag, 2 Ref text, 3 EarlyExit flag, 4 Filter text*, 5 Limit number",
    "BuildHistoryEvent": "1 type number, 2 record BuildHistoryRecord",
    "BuildHistoryRecord": "1 Ref text, 2 Frontend text, 3 FrontendAttrs options, 4 Exporters Exporter*,"
    " 5 error Status, 6 CreatedAt time, 7 CompletedAt time, 15 numCachedSteps number, 16 numTotalSteps number,"
    " 17 numCompletedSteps number, 19 numWarnings number",
    "Status": "1 code number, 2 message step, 3 details size",
    # -- LLBBridge
    "FrontendSolveRequest": "1 Definition size, 2 Frontend text, 3 FrontendOpt options, 10 Final flag,"
    " 14 Evaluate flag",
    "FrontendSolveResponse": "1 ref text, 2 metadata size, 3 result Result",
    "Result": "10 metadata answer",
    "ResolveImageConfigRequest": "1 Ref text, 2 Platform Platform, 3 ResolveMode text, 4 LogName step",
    "ResolveImageConfigResponse": "1 Digest text, 2 Config size, 3 Ref text",
    "ResolveSourceMetaRequest": "1 Source SourceOp, 2 Platform Platform, 3 LogName step, 4 ResolveMode text",
    "SourceOp": "1 identifier text, 2 attrs attributes",
    "ResolveSourceMetaResponse": "1 Source SourceOp, 2 Image SourceImage",
    "SourceImage": "1 Digest text, 2 Config size",
    "ReadFileRequest": "1 Ref text, 2 FilePath text, 3 Range FileRange",
    "FileRange": "1 Offset number, 2 Length number",
    "ReadFileResponse": "1 Data size",
    "ReturnRequest": "1 result size, 2 error Status",
    "WarnRequest": "1 digest text, 2 level number, 3 short step, 4 detail step*, 5 url text, 6 info SourceInfo,"
    " 7 ranges Range*",
    "PingRequest": "",
    "PongResponse": "1 FrontendAPICaps Capability*, 2 LLBCaps Capability*, 3 Workers WorkerRecord*",
    "Capability": "1 ID text, 2 Enabled flag, 3 Deprecated flag",
    "InputsRequest": "",
    "InputsResponse": "1 Definitions size",
    "Empty": "",
    # -- the JSON in an answer, by the names of its members: the numbers mean nothing. Descriptions of stages and build
    # arguments are comments of the Dockerfile, so that they are not read
    "Answer": "1 warnings AnswerWarning*, 2 sources AnswerSource*, 3 buildError AnswerError, 4 name text,"
    " 5 args AnswerArgument*, 6 secrets AnswerMount*, 7 ssh AnswerMount*, 8 targets AnswerTarget*,"
    " 9 requests AnswerRequest*",
    "AnswerWarning": "1 ruleName text, 2 description text, 3 url text, 4 detail step, 5 location Location",
    "AnswerSource": "1 filename text, 2 lines step*, 3 language text",
    "AnswerError": "1 message step, 2 location Location",
    "Location": "1 ranges Range*, 2 sourceIndex number",
    "AnswerArgument": "1 name text, 2 value variable, 3 location Location",
    "AnswerMount": "1 name text, 2 required flag, 3 location Location",
    "AnswerTarget": "1 name text, 2 default flag, 3 base text, 4 platform text, 5 location Location",
    "AnswerRequest": "1 name text, 2 version text, 3 type text, 4 description text, 5 opts AnswerNamed*,"
    " 6 inputs AnswerNamed*, 7 metadata AnswerNamed*, 8 refs AnswerNamed*",
    "AnswerNamed": "1 name text, 2 description text",
    # -- session: the daemon asks the client
    "Packet": "1 type number, 2 stat Stat, 3 ID number, 4 data size",
    "Stat": "1 path text, 2 mode number, 3 uid number, 4 gid number, 5 size number, 6 modTime number, 7 linkname text",
    "GetSecretRequest": "1 ID text, 2 annotations size",
    "GetSecretResponse": "1 data secret",
    "CredentialsRequest": "1 Host text",
    "CredentialsResponse": "1 Username secret, 2 Secret secret",
    "FetchTokenRequest": "1 ClientID text, 2 Host text, 3 Realm text, 4 Service text, 5 Scopes text*",
    "FetchTokenResponse": "1 Token secret, 2 ExpiresIn number, 3 IssuedAt number",
    "GetTokenAuthorityRequest": "1 Host text, 2 Salt size",
    "GetTokenAuthorityResponse": "1 PublicKey size",
    "VerifyTokenAuthorityRequest": "1 Host text, 2 Payload size, 3 Salt size",
    "VerifyTokenAuthorityResponse": "1 Signed size",
    "CheckAgentRequest": "1 ID text",
    # -- OpenTelemetry
    "ExportTraceServiceRequest": "1 resource_spans ResourceSpans*",
    "ResourceSpans": "1 resource size, 2 scope_spans ScopeSpans*",
    "ScopeSpans": "1 scope size, 2 spans Span*",
    "Span": "1 trace_id id, 2 span_id id, 4 parent_span_id id, 5 name step, 6 kind number, 7 start nanoseconds,"
    " 8 end nanoseconds, 15 status SpanStatus",
    "SpanStatus": "3 code number",
    "ExportTraceServiceResponse": "1 partial_success size",
}  # fmt: skip
"""The fields of each message: number, name, type. Two messages called SolveRequest differ: that of LLBBridge is
FrontendSolveRequest here."""

_CONTROL, _BRIDGE = "/moby.buildkit.v1.Control/", "/moby.buildkit.v1.frontend.LLBBridge/"
_AUTH, _SSH = "/moby.filesync.v1.Auth/", "/moby.sshforward.v1.SSH/"

METHODS = {
    f"{_CONTROL}Solve": ("SolveRequest", "SolveResponse"),
    f"{_CONTROL}Status": ("StatusRequest", "StatusResponse"),
    f"{_CONTROL}ListWorkers": ("ListWorkersRequest", "ListWorkersResponse"),
    f"{_CONTROL}Info": ("InfoRequest", "InfoResponse"),
    f"{_CONTROL}DiskUsage": ("DiskUsageRequest", "DiskUsageResponse"),
    f"{_CONTROL}Prune": ("PruneRequest", "UsageRecord"),
    f"{_CONTROL}ListenBuildHistory": ("BuildHistoryRequest", "BuildHistoryEvent"),
    f"{_BRIDGE}Solve": ("FrontendSolveRequest", "FrontendSolveResponse"),
    f"{_BRIDGE}ResolveImageConfig": ("ResolveImageConfigRequest", "ResolveImageConfigResponse"),
    f"{_BRIDGE}ResolveSourceMeta": ("ResolveSourceMetaRequest", "ResolveSourceMetaResponse"),
    f"{_BRIDGE}ReadFile": ("ReadFileRequest", "ReadFileResponse"),
    f"{_BRIDGE}Return": ("ReturnRequest", "Empty"),
    f"{_BRIDGE}Warn": ("WarnRequest", "Empty"),
    f"{_BRIDGE}Ping": ("PingRequest", "PongResponse"),
    f"{_BRIDGE}Inputs": ("InputsRequest", "InputsResponse"),
    "/moby.filesync.v1.FileSync/DiffCopy": ("Packet", "Packet"),
    "/moby.buildkit.secrets.v1.Secrets/GetSecret": ("GetSecretRequest", "GetSecretResponse"),
    f"{_AUTH}Credentials": ("CredentialsRequest", "CredentialsResponse"),
    f"{_AUTH}FetchToken": ("FetchTokenRequest", "FetchTokenResponse"),
    f"{_AUTH}GetTokenAuthority": ("GetTokenAuthorityRequest", "GetTokenAuthorityResponse"),
    f"{_AUTH}VerifyTokenAuthority": ("VerifyTokenAuthorityRequest", "VerifyTokenAuthorityResponse"),
    f"{_SSH}CheckAgent": ("CheckAgentRequest", "Empty"),
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export": (
        "ExportTraceServiceRequest",
        "ExportTraceServiceResponse",
    ),
}
"""The messages of each method: those of its requests, and those of its responses. The messages of other methods
(FileSend/DiffCopy, Upload/Pull, SSH/ForwardAgent: bytes of files and agents) are only counted; those of SESSION are
HTTP/2."""

SESSION = f"{_CONTROL}Session"

ERRORS_ABOUT_BUILDS = (_CONTROL, _BRIDGE)
"""Services whose error messages are read. Those of a session may quote anything, such as a credential helper."""

MAPS = ("options", "attributes", "metadata", "answer")
"""Types that are maps from text to text; in an answer, one text is JSON."""


class Field(Struct, frozen=True):
    """A field of a message; *type* is explained above. A *repeated* one is a list."""

    name: str
    type: str
    repeated: bool = False


def fields_in(rows: str) -> dict[int, Field]:
    """Read a row of a table of messages, such as MESSAGES: its fields by number."""
    found = {}
    for row in rows.split(","):
        if row.strip():
            number, name, kind = row.split()
            found[int(number)] = Field(name, kind.removesuffix("*"), kind.endswith("*"))
    return found


@cache
def fields_of(message: str) -> dict[int, Field]:
    """Return the fields of a message by number."""
    return fields_in(MESSAGES[message])


@cache
def fields_by_name(message: str) -> dict[str, Field]:
    """Return the fields of a message by name."""
    return {field.name: field for field in fields_of(message).values()}


def message_of(method: str, *, request: bool) -> str:
    """Return the message that the method's requests or responses are; "" if they are not read."""
    return METHODS.get(method, ("", ""))[0 if request else 1]

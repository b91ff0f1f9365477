"""What the decoder of one stream has to know about gRPC calls that its bytes do not say."""

from apispy.decoders.grpc_stream import Budget
from apispy.model import Direction
from apispy.structs import Struct, field

Methods = dict[int, str]
"""The method of each HTTP/2 stream inside a tunnel or a session. The decoders of both directions share it: only the
request has the method."""


class GrpcContext(Struct, frozen=True):
    """The context of a stream. *direction*: of the stream in its exchange; *method* and *coding* (of compressed
    messages): of the exchange, if it is a gRPC call itself; *budget*: for the messages of all such calls.
    """

    direction: Direction = "request"
    method: str = ""
    coding: bytes = b""
    methods: Methods = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)

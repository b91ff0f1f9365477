"""Tokens that remember which secret of the live client they stand for, so that answers can have it back."""

from apispy.redaction.tokens import Tokens


class ReversibleTokens(Tokens):
    """*secrets* has the secret of each token that was given. It never leaves this process but to its own client."""

    def __init__(self) -> None:
        super().__init__()
        self.secrets: dict[str, str] = {}

    def of(self, secret: str) -> str:
        token = super().of(secret)
        self.secrets[token] = secret
        return token

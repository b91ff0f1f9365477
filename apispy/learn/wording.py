"""Words that several views of what captures teach have in common."""


def count(number: int, noun: str) -> str:
    """Format a count: "0 calls", "1 call", "3 calls". *noun* is the singular."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

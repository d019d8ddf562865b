"""Where the stand-in answers otherwise than the recordings, and why (PARITY.md beside the stand-in tells the rest)."""

from tests.contract.ollama.recordings import GENERATION, REQUESTS

NO_RUNNER = "recorded where no runner had been built: the genuine one could load no model; the stand-in needs none"
NO_REGISTRY = "recorded where the registry cannot be reached; the stand-in has a library of its own, without that model"
DIFFERENT: dict[str, dict[str, str]] = {
    REQUESTS: {
        "/api/chat body=numprompt": NO_RUNNER,
        "/api/embed body=numprompt": NO_RUNNER,
        "/api/generate body=badmsg2": NO_RUNNER,
        "/api/embed body=badmsg2": NO_RUNNER,
    },
    GENERATION: {"pull absent": NO_REGISTRY, "pull absent nostream": NO_REGISTRY},
}
"""Reason, by recording and case; in every setting."""
NOT_ASKED = frozenset(DIFFERENT[REQUESTS])
"""What a genuine Ollama that has a runner answers otherwise as well."""

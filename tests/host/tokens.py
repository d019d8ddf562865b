"""Tokens for tests: of the documented tunnel, with a secret of their own."""

import base64
import json

ACCOUNT = "0123456789abcdef0123456789abcdef"
TUNNEL = "75a07d1a-0bc7-485f-86b2-ce676d7d1c35"


def token(secret: str = "canary-of-the-tunnel", tunnel: str = TUNNEL, account: str = ACCOUNT) -> str:
    inner = {"a": account, "t": tunnel, "s": base64.b64encode(secret.encode()).decode()}
    return base64.b64encode(json.dumps(inner, separators=(",", ":")).encode()).decode()

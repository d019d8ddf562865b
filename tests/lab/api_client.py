"""The official SDK, strict about every answer."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from cloudflare import Cloudflare

STRAY = ("CLOUDFLARE_EMAIL", "CLOUDFLARE_API_KEY", "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_BASE_URL")


@contextmanager
def client(url: str, token: str, *, retries: int = 0, strict: bool = True) -> Iterator[Cloudflare]:
    """The SDK, without what it would take from the environment."""
    with mock.patch.dict(os.environ):
        for name in STRAY:
            os.environ.pop(name, None)
        sdk = Cloudflare(api_token=token, base_url=url, max_retries=retries, _strict_response_validation=strict)
    with sdk:
        yield sdk

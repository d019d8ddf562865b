import asyncio
import datetime as dt
import ssl
from pathlib import Path

import pytest

from spark_lab.authority import LabAuthority


def _handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> None:
    async def run() -> None:
        listener = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0, ssl=server)
        async with listener:
            host, port = listener.sockets[0].getsockname()[:2]
            _, writer = await asyncio.open_connection(host, port, ssl=client, server_hostname=name)
            writer.close()

    asyncio.run(run())


@pytest.mark.parametrize("name", ["ollama.example.org", "deep.lab.example.org", "127.0.0.1"])
def test_a_leaf_is_trusted_under_each_of_its_names(tmp_path: Path, name: str) -> None:
    authority = LabAuthority(tmp_path)
    context = authority.server_context("ollama.example.org", "*.lab.example.org", "127.0.0.1")
    _handshake(context, authority.client_context(), name)
    _handshake(context, ssl.create_default_context(cafile=str(authority.pem_path)), name)


def test_another_name_an_expired_leaf_and_another_authority_are_refused(tmp_path: Path) -> None:
    authority = LabAuthority(tmp_path)
    client = authority.client_context()
    yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    expired = authority.server_context("a.example", not_before=yesterday - yesterday.resolution, not_after=yesterday)
    for server, why in [
        (authority.server_context("b.example"), "Hostname mismatch"),
        (expired, "expired"),
        (LabAuthority(tmp_path).server_context("a.example"), "unable to get local issuer|signature failure"),
    ]:
        with pytest.raises(ssl.SSLCertVerificationError, match=why):
            _handshake(server, client, "a.example")


def test_no_key_stays_on_the_disk_unless_it_is_asked_for_and_then_it_is_private(tmp_path: Path) -> None:
    authority = LabAuthority(tmp_path)
    authority.server_context("a.example")
    assert [path.name for path in tmp_path.iterdir()] == [authority.pem_path.name]
    assert b"PRIVATE" not in authority.pem_path.read_bytes()

    leaf = authority.leaf("a.example")
    certificate, key = leaf.write(tmp_path, "edge")
    assert key.stat().st_mode & 0o777 == 0o600
    assert b"BEGIN CERTIFICATE" in certificate.read_bytes()
    assert "PRIVATE" not in repr(leaf)


def test_a_certificate_without_a_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one"):
        LabAuthority(tmp_path).leaf()

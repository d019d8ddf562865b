"""The key exchange that the genuine connector insists on, both sides; and that it stands on the pinned aioquic."""

from pathlib import Path

import aioquic
import pytest
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import HandshakeCompleted

from spark_lab.authority import LabAuthority
from spark_lab.tunnel.wire import keyshare
from spark_lab.tunnel.wire.keyshare import (
    HybridPrivateKey,
    HybridPublicKey,
    Incompatible,
    install,
)

CLIENT, SERVER = ("127.0.0.1", 1), ("127.0.0.1", 2)
X25519 = 0x1D


def test_the_installed_aioquic_is_the_one_whose_internals_are_extended() -> None:
    install()
    install()


def test_another_aioquic_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aioquic, "__version__", "1.8.0")
    with pytest.raises(Incompatible, match=r"install aioquic==1\.7\.2"):
        install(again=True)


@pytest.mark.parametrize("groups", [None, [X25519]], ids=["hybrid", "x25519"])
def test_a_handshake_by_either_group(tmp_path: Path, groups: list[int] | None, monkeypatch: pytest.MonkeyPatch) -> None:
    install()
    authority = LabAuthority(tmp_path)
    certificate, key = authority.leaf("quic.cftunnel.com").write(tmp_path, "leaf")
    serving = QuicConfiguration(is_client=False, alpn_protocols=["argotunnel"])
    serving.load_cert_chain(certificate, key)
    calling = QuicConfiguration(alpn_protocols=["argotunnel"], server_name="quic.cftunnel.com")
    calling.load_verify_locations(cadata=authority.pem)
    client = QuicConnection(configuration=calling)
    original = client.original_destination_connection_id
    server = QuicConnection(configuration=serving, original_destination_connection_id=original)
    monkeypatch.setattr(keyshare, "OFFERED", groups or keyshare.OFFERED)
    client.connect(SERVER, now=0)
    first = client.datagrams_to_send(now=0)
    assert (len(first) > 1) == (groups is None), "only the hybrid share is too long for one datagram"
    for data, _ in first:
        server.receive_datagram(data, CLIENT, now=0)
    for _ in range(3):
        for data, _to in server.datagrams_to_send(now=0):
            client.receive_datagram(data, SERVER, now=0)
        for data, _to in client.datagrams_to_send(now=0):
            server.receive_datagram(data, CLIENT, now=0)
    events = []
    while event := client.next_event():
        events.append(event)
    assert any(isinstance(event, HandshakeCompleted) for event in events), events


def test_both_sides_come_to_the_same_secret() -> None:
    client, server = HybridPrivateKey.generate(), HybridPrivateKey.generate()
    share = client.public_key().share
    assert len(share) == 1216
    answer = server.public_key()
    secret = server.exchange(HybridPublicKey.from_public_bytes(share))
    assert len(answer.share) == 1120
    assert client.exchange(answer) == secret
    assert len(secret) == 64


@pytest.mark.parametrize("length", [0, 31, 32, 1000, 1217])
def test_a_share_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match=r"."):
        HybridPrivateKey.generate().exchange(HybridPublicKey(bytes(length)))

import pytest

from spark_conformance.core.verdict import Unreachable
from spark_conformance.dns.servers import Server, server_of


@pytest.mark.parametrize(
    ("text", "server", "shown"),
    [
        ("1.1.1.1", Server("1.1.1.1", 53), "1.1.1.1"),
        ("127.0.0.1:5353", Server("127.0.0.1", 5353), "127.0.0.1:5353"),
        ("[2606:4700::1111]", Server("2606:4700::1111", 53), "[2606:4700::1111]"),
        ("[::1]:5353", Server("::1", 5353), "[::1]:5353"),
        ("127.0.0.1:1", Server("127.0.0.1", 1), "127.0.0.1:1"),
        ("127.0.0.1:65535", Server("127.0.0.1", 65535), "127.0.0.1:65535"),
    ],
)
def test_a_server_as_a_target_writes_it(text: str, server: Server, shown: str) -> None:
    assert server_of(text) == server
    assert str(server) == shown


def test_a_server_is_shown_with_its_own_name() -> None:
    assert str(Server("192.0.2.1", name="ada.ns.example.org")) == "ada.ns.example.org (192.0.2.1)"


@pytest.mark.parametrize("text", ["999.1.1.1", "1.1.1", "[::g]", "1.1.1.1:0", "1.1.1.1:65536"])
def test_what_is_no_address_is_told(text: str) -> None:
    with pytest.raises(Unreachable, match="is not an IP address") as caught:
        server_of(text)
    assert text in caught.value.sentence

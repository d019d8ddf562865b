"""The stand-in connector, run by a tunnel's id or name: whose credentials it takes, and what a local rule says."""

import base64
import json
from pathlib import Path

import pytest

from spark_lab.connector.flags import TUNNEL, Values
from spark_lab.connector.local_rules import local_rules
from spark_lab.connector.named import NotFoundError, credentials_of

ID, OTHER = "5e0b9c74-6d1f-4c38-a2f7-91d3c08e4b65", "0b1f3f5e-8a57-4b43-9d0a-5f9c1c7f0d11"
SECRET = base64.b64encode(b"0" * 32).decode()


def written(place: Path, tunnel: str | None = ID) -> str:
    place.parent.mkdir(parents=True, exist_ok=True)
    said = {"AccountTag": "a", "TunnelSecret": SECRET} | ({"TunnelID": tunnel} if tunnel else {})
    place.write_text(json.dumps(said))
    return str(place)


def values(path: str = "", **environ: str) -> Values:
    made = Values(environ)
    made.take(["--credentials-file", path] if path else [], TUNNEL)
    return made


@pytest.mark.parametrize("inside", [ID, OTHER, None])
def test_the_tunnel_is_the_one_that_was_asked_for_whatever_the_credentials_say(
    tmp_path: Path, inside: str | None
) -> None:
    found = credentials_of(ID.upper(), values(written(tmp_path / "tunnel.json", inside)))
    assert (found.tunnel_id, found.account, found.secret) == (ID, "a", SECRET)


def test_a_name_is_the_tunnel_of_the_credentials(tmp_path: Path) -> None:
    assert credentials_of("home", values(written(tmp_path / "tunnel.json", OTHER))).tunnel_id == OTHER


def test_without_a_path_the_usual_directories_are_looked_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_LAB_ROOT", str(tmp_path))
    with pytest.raises(NotFoundError, match=r"^tunnel credentials file not found$"):
        credentials_of(ID, values())
    written(tmp_path / f"etc/cloudflared/{ID}.json")
    assert credentials_of(ID, values()).secret == SECRET


def test_contents_count_before_any_file(tmp_path: Path) -> None:
    contents = json.dumps({"AccountTag": "b", "TunnelSecret": SECRET})
    found = credentials_of(ID, values(str(tmp_path / "none.json"), TUNNEL_CRED_CONTENTS=contents))
    assert (found.tunnel_id, found.account) == (ID, "b")


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("gone.json", None, r"^Tunnel credentials file '.*gone\.json' doesn't exist or is not a file$"),
        ("cut.json", '{"AccountTag":', "^Invalid JSON when parsing tunnel credentials file$"),
        ("list.json", "[]", "^Invalid JSON when parsing tunnel credentials file$"),
        ("cert.pem", "-----BEGIN", r"should be \.json but you gave a \.pem"),
    ],
)
def test_what_are_no_credentials(tmp_path: Path, name: str, text: str | None, told: str) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(NotFoundError, match=told):
        credentials_of(ID, values(str(tmp_path / name)))


@pytest.mark.parametrize("inside", [None, "00000000-0000-0000-0000-000000000000"])
def test_a_name_without_an_id_is_to_be_asked_of_the_account_which_takes_a_certificate(
    tmp_path: Path, inside: str | None
) -> None:
    with pytest.raises(NotFoundError, match="client didn't specify origincert path"):
        credentials_of("home", values(written(tmp_path / "old.json", inside)))


def test_durations_of_a_local_rule_are_gos() -> None:
    request = {"connectTimeout": "1m30s", "tlsTimeout": "500ms", "tcpKeepAlive": 30 * 10**9, "noTLSVerify": True}
    rules = [{"service": "http_status:404", "originRequest": request}]
    said = local_rules({"ingress": rules, "originRequest": {"keepAliveTimeout": "10s"}})
    assert said["ingress"][0]["originRequest"] == {
        "connectTimeout": 90, "tlsTimeout": 0.5, "tcpKeepAlive": 30, "noTLSVerify": True,
    }  # fmt: skip
    assert said["originRequest"] == {"keepAliveTimeout": 10}
    with pytest.raises(ValueError, match="missing unit"):
        local_rules({"originRequest": {"connectTimeout": "30"}})

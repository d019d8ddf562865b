"""Which process, unit or container serves a port, from what the host's programs print."""

import pytest

from spark_conformance.draft.running import container_at, listener, mains

SS = """\
LISTEN 0      4096       127.0.0.1:3000       0.0.0.0:*    users:(("grafana",pid=812,fd=13))
LISTEN 0      4096               *:13000            *:*    users:(("other",pid=99,fd=3),("other",pid=98,fd=3))
LISTEN 0      128          0.0.0.0:22         0.0.0.0:*
LISTEN 0      4096           [::1]:11434         [::]:*    users:(("ollama",pid=7,fd=3))
"""
SHOWN = "MainPID=812\nId=grafana-server.service\n\nId=cron.service\nMainPID=0\n\nId=ollama.service\nMainPID=7\n"
RUNNING = [
    ("homeassistant", "ghcr.io/home-assistant/home-assistant:stable", "0.0.0.0:8123->8123/tcp, [::]:8123->8123/tcp"),
    ("tunnel", "cloudflare/cloudflared:2026.8.2", ""),
    ("db", "postgres:17", "5432/tcp"),
]


@pytest.mark.parametrize(("port", "pid"), [(3000, "812"), (13000, "99"), (22, ""), (11434, "7"), (300, "")])
def test_the_process_that_listens(port: int, pid: str) -> None:
    assert listener(SS, port) == pid


def test_the_units_of_processes() -> None:
    assert dict(mains(SHOWN)) == {"812": "grafana-server.service", "7": "ollama.service"}
    assert dict(mains("")) == {}


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://homeassistant:8123", "homeassistant"),
        ("http://localhost:8123", "homeassistant"),
        ("http://localhost:5432", ""),
        ("http://db", "db"),
        ("https://localhost", ""),
    ],
)
def test_the_container_that_an_address_leads_to(url: str, name: str) -> None:
    assert container_at(RUNNING, url) == name

"""Facts files of systems that have no Ollama, each with as little as it is known by."""

from pathlib import Path

from spark_conformance.core.run import Run
from spark_conformance.facts.load import load

TUNNEL = "2b6f3f5e-8a57-4b43-9d0a-5f9c1c7f0d11"
DNS = """
[target.dns]
resolvers = ["1.1.1.1"]
[target.cloudflare]
zone = "example.com"
token = "env:CLOUDFLARE_API_TOKEN"
"""
SERVED = f"""
[facts.tunnel.id]
expect = "{TUNNEL}"
[facts.tunnel.ingress]
expect = {{ hostname = "www.example.com", service = "http://localhost:3000" }}
[facts.dns.proxied]
expect = true
"""
UNIT = """
[target.ssh]
host = "box-1"
[facts.cloudflared.unit]
expect = "/etc/systemd/system/tunnel.service"
"""
LOGIN = """
[facts.access.app_domain]
expect = "www.example.com"
[facts.access.policy]
expect = { name = "Operations", everyone = false }
"""
SYSTEMS: dict[str, tuple[str, str]] = {
    "grafana": ("Grafana", f"""{DNS}{SERVED}{UNIT}{LOGIN}
[facts.service.unit]
expect = "grafana-server.service"
[facts.service.url]
expect = "http://localhost:3000"
[facts.service.health]
expect = {{ path = "/api/health", status = 200 }}
"""),
    "home": ("Home Assistant", f"""{DNS}{SERVED}{LOGIN}
[target.ssh]
host = "home"
[facts.cloudflared.container]
expect = "cloudflared"
"""),
    "site": ("", f"{DNS}{SERVED}"),
    "local": ("Wiki", f"""{DNS}{SERVED}{UNIT}
[facts.tunnel.config_source]
expect = "local"
"""),
    "token": ("vLLM", f"""{DNS}{SERVED}{LOGIN}
[target.secrets]
tunnel_token = "env:TUNNEL_TOKEN"
access_client_id = "op:vault/item/id"
access_client_secret = "op:vault/item/secret"
[facts.access.admits_token]
expect = true
"""),
}  # fmt: skip
"""By name: what the service is called, where that is stated, and the facts."""


def system(name: str, folder: Path) -> Run:
    """A run of one of them, in which nothing is looked at yet."""
    called, tables = SYSTEMS[name]
    path = folder / f"{name}.toml"
    service = f'[target.service]\nname = "{called}"\n' if called else ""
    about = f'[system]\nname = "{name}"\nhostname = "www.example.com"\ndocument = "notes"\n'
    path.write_text(about + service + tables, encoding="utf-8")
    return Run(load(path))

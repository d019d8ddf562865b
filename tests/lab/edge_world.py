"""A small world with one protected hostname, for the tests of the edge and of the name servers."""

import datetime as dt

from spark_lab.world import Json, World

ZONE = "example.org"
HOST = "ollama.example.org"
TUNNEL = "0a1b2c3d-0000-4000-8000-000000000001"
AUD = "aud" + "0" * 61
APP = "app-1"
TOKEN = "token-1"
CLIENT_ID = "0123456789abcdef0123456789abcdef.access"
CANARY = "5ec2e7ca" * 8
OTHER_TOKEN = "token-2"
OTHER_CLIENT_ID = "fedcba9876543210fedcba9876543210.access"
OTHER_CANARY = "07e2ca4a" * 8


def policy(decision: str, *include: Json, **more: object) -> Json:
    return {
        "id": f"{decision}-{len(include)}",
        "name": decision,
        "decision": decision,
        "include": list(include),
        **more,
    }


EVERYONE: Json = {"everyone": {}}
BY_TOKEN: Json = {"service_token": {"token_id": TOKEN}}
ALLOW_ALL = policy("allow", EVERYONE)
SERVICE_AUTH = policy("non_identity", BY_TOKEN)


def record(rtype: str, name: str, content: str, **more: object) -> Json:
    return {"type": rtype, "name": name, "content": content, "ttl": 1, "proxied": False, **more}


def a_world(*policies: Json, strict: bool = False, **app: object) -> World:
    """One app in front of the host, with these policies."""
    year = dt.timedelta(days=365)
    expires = (dt.datetime.now(dt.UTC) + year).strftime("%Y-%m-%dT%H:%M:%SZ")
    world = World(account={"id": "account-1"}, zone={"id": "zone-1", "name": ZONE, "paused": False}, team="goldteam")
    world.edge_addresses = ["127.0.0.1"]
    world.name_servers = ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"]
    world.organization = {"auth_domain": "goldteam.cloudflareaccess.com", "strict_service_token_auth": strict}
    world.records["r1"] = record("CNAME", HOST, f"{TUNNEL}.cfargotunnel.com", proxied=True)
    world.tunnels[TUNNEL] = {"id": TUNNEL, "account_tag": "account-1", "deleted_at": None}
    world.service_tokens[TOKEN] = {"id": TOKEN, "client_id": CLIENT_ID, "enabled": True, "expires_at": expires}
    world.service_token_secrets[TOKEN] = CANARY
    world.service_tokens[OTHER_TOKEN] = {"id": OTHER_TOKEN, "client_id": OTHER_CLIENT_ID, "expires_at": expires}
    world.service_token_secrets[OTHER_TOKEN] = OTHER_CANARY
    world.apps[APP] = {
        "id": APP, "aud": AUD, "type": "self_hosted", "domain": HOST, "session_duration": "24h",
        "policies": list(policies), **app,
    }  # fmt: skip
    world.settings["browser_check"] = {"id": "browser_check", "value": "on"}
    return world

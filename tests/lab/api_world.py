"""A small world for the API's tests: one of everything that the suite reads."""

from spark_lab.api.routes import READING, WRITING
from spark_lab.world import ApiToken, Connection, Connector, Json, World

ACCOUNT = "a" * 32
ZONE = "b" * 32
HOST = "ollama.example.org"
TUNNEL = "11111111-1111-4111-8111-111111111111"
IDLE_TUNNEL = "99999999-9999-4999-8999-999999999999"
APP = "22222222-2222-4222-8222-222222222222"
SERVICE_TOKEN = "33333333-3333-4333-8333-333333333333"
POLICY = "44444444-4444-4444-8444-444444444444"
OWN_POLICY = "55555555-5555-4555-8555-555555555555"
GROUP = "66666666-6666-4666-8666-666666666666"
RECORD = "c" * 32
AUD = "d" * 64
AT = "2026-10-20T08:00:00.000000Z"
WRITER = "writer-0123456789-0123456789-0123456789-01"
READER = "reader-0123456789-0123456789-0123456789-01"
SECRET = b"the tunnel's secret, of 32 bytes"
INGRESS: list[Json] = [
    {
        "hostname": HOST,
        "service": "http://localhost:11434",
        "originRequest": {"httpHostHeader": "localhost:11434"},
    },
    {"service": "http_status:404"},
]


def build() -> World:
    world = World(account={"id": ACCOUNT, "name": "Example", "type": "standard"}, zone=_zone(), team="example")
    world.ip_ranges = {"etag": "e", "ipv4_cidrs": ["127.0.0.0/8"], "ipv6_cidrs": ["::1/128"]}
    world.api_tokens = {
        WRITER: ApiToken("1" * 32, set(WRITING)),
        READER: ApiToken("2" * 32, set(READING)),
    }
    world.records[RECORD] = record(RECORD, HOST)
    world.settings = {
        "ssl": {"id": "ssl", "value": "full", "editable": True, "modified_on": AT},
        "browser_check": {"id": "browser_check", "value": "on", "editable": True, "modified_on": AT},
    }
    _add_tunnel(world)
    _add_access(world)
    _add_edge(world)
    return world


def record(identity: str, name: str) -> Json:
    return {
        "id": identity,
        "type": "CNAME",
        "name": name,
        "content": f"{TUNNEL}.cfargotunnel.com",
        "proxied": True,
        "proxiable": True,
        "ttl": 1,
        "comment": None,
        "tags": [],
        "settings": {},
        "meta": {"shadowed_by": ["ns.elsewhere.example"]},
        "created_on": AT,
        "modified_on": AT,
    }


def connector(identity: str, live: int, pending: int = 0) -> Connector:
    running = Connector(identity, "2026.8.2", "linux_arm64", AT, config_version=1)
    for index in range(live + pending):
        running.connections[index] = Connection(
            f"77777777-7777-4777-8777-77777777777{index}", index, f"lab0{index % 2}", AT, "127.0.0.1", index >= live
        )
    return running


def _zone() -> Json:
    return {
        "id": ZONE,
        "name": "example.org",
        "status": "active",
        "paused": False,
        "type": "full",
        "development_mode": 0,
        "name_servers": ["ada.ns.example.net", "bob.ns.example.net"],
        "original_name_servers": None,
        "original_registrar": None,
        "original_dnshost": None,
        "activated_on": AT,
        "account": {"id": ACCOUNT, "name": "Example"},
        "owner": {"id": None, "name": None, "type": "user"},
        "plan": {"id": "free", "name": "Free"},
        "meta": {"step": 2},
        "created_on": AT,
        "modified_on": AT,
    }


def _add_tunnel(world: World) -> None:
    world.tunnels[TUNNEL] = {
        "id": TUNNEL,
        "account_tag": ACCOUNT,
        "name": "spark",
        "config_src": "cloudflare",
        "created_at": AT,
        "deleted_at": None,
        "tun_type": "cfd_tunnel",
        "connections": [{"id": "left over from before October 2026"}],
    }
    world.tunnel_secrets[TUNNEL] = SECRET
    world.configure(TUNNEL, {"ingress": INGRESS}, AT)
    world.connectors[TUNNEL] = {
        "88888888-8888-4888-8888-888888888888": connector("88888888-8888-4888-8888-888888888888", 4)
    }


def _add_access(world: World) -> None:
    world.service_tokens[SERVICE_TOKEN] = {
        "id": SERVICE_TOKEN,
        "client_id": f"{'9' * 32}.access",
        "name": "spark",
        "duration": "8760h",
        "enabled": True,
        "expires_at": "2027-10-20T08:00:00Z",
    }
    world.service_token_secrets[SERVICE_TOKEN] = "f" * 64
    times = {"created_at": AT, "updated_at": AT}
    world.groups[GROUP] = {
        "id": GROUP,
        "name": "staff",
        "include": [{"email_domain": {"domain": "example.org"}}],
        **times,
    }
    world.policies[POLICY] = {
        "id": POLICY,
        "name": "Allow all",
        "decision": "allow",
        "include": [{"everyone": {}}],
        "exclude": [],
        "require": [],
        **times,
    }
    own = {
        "id": OWN_POLICY,
        "name": "Service Auth",
        "decision": "non_identity",
        "include": [{"service_token": {"token_id": SERVICE_TOKEN}}],
        "exclude": [],
        "require": [],
        "precedence": 1,
        **times,
    }
    world.apps[APP] = {
        "id": APP,
        "aud": AUD,
        "name": "ollama",
        "type": "self_hosted",
        "domain": HOST,
        "destinations": [{"type": "public", "uri": HOST}],
        "self_hosted_domains": [HOST],
        "session_duration": "24h",
        "policies": [{"id": POLICY, "precedence": 2}, own],
        **times,
    }
    world.organization = {
        "name": "Example",
        "auth_domain": "example.cloudflareaccess.com",
        "strict_service_token_auth": False,
        "deny_unmatched_requests": False,
    }


def _add_edge(world: World) -> None:
    world.bot_management = {"fight_mode": False, "enable_js": False}
    world.access_rules["e" * 32] = {
        "id": "e" * 32,
        "mode": "block",
        "allowed_modes": ["block", "challenge"],
        "configuration": {"target": "ip", "value": "192.0.2.1"},
        "notes": "",
    }
    world.lockdowns["e" * 32] = {
        "id": "e" * 32,
        "paused": True,
        "description": "",
        "urls": ["example.org/admin"],
        "configurations": [{"target": "ip", "value": "192.0.2.1"}],
        "created_on": AT,
        "modified_on": AT,
    }
    world.ua_rules["e" * 32] = {
        "id": "e" * 32,
        "mode": "block",
        "paused": True,
        "description": "",
        "configuration": {"target": "ua", "value": "curl/1"},
    }
    world.worker_routes["e" * 32] = {"id": "e" * 32, "pattern": "example.org/worker/*", "script": "worker"}
    for number, ok in enumerate((1, 0, 0)):
        world.access_log.append(
            {
                "datetime": f"2026-10-20T08:00:0{number}Z",
                "cfRayId": f"000000000000000{number}",
                "isSuccessfulLogin": ok,
                "approvingPolicyId": OWN_POLICY if ok else "",
                "serviceTokenId": SERVICE_TOKEN,
                "identityProvider": "nonidentity",
                "country": "XX",
                "ipAddress": "127.0.0.1",
                "mtlsStatus": "NONE",
                "appId": APP,
            }
        )
    world.access_log.append(
        {**world.access_log[0], "identityProvider": "onetimepin", "cfRayId": "9" * 16, "userEmail": "a@example.org"}
    )
    world.firewall_log.append(
        {
            "datetime": "2026-10-20T08:00:00Z",
            "rayName": "0" * 16,
            "action": "block",
            "source": "firewallCustom",
            "ruleId": "1" * 32,
            "clientIP": "127.0.0.1",
            "userAgent": "curl/8",
            "clientRequestPath": "/api/tags",
        }
    )

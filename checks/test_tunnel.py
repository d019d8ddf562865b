"""The tunnel, as Cloudflare's API shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from spark_conformance.syntax.hostnames import same_host_header

if TYPE_CHECKING:
    from spark_conformance.cloudflare.tunnel import Tunnel
    from spark_conformance.cloudflare.tunnel_config import TunnelConfig
    from spark_conformance.cloudflare.tunnel_connections import TunnelConnections
    from spark_conformance.core.judging import Judge
    from spark_conformance.core.run import Run
    from spark_conformance.host.own_connector import OwnConnector


@pytest.mark.fact("tunnel.id")
def test_id(judge: Judge, tunnel: Tunnel) -> None:
    """The account has no tunnel of this id: it was created again, or the document has a wrong id.

    A new tunnel has a token of its own, and a DNS record points to it only by its id.

    Not seen here: whether the name leads to it (dns.target), and the host serves it (cloudflared.token_tunnel).
    """
    judge(tunnel.id, note=f"the tunnel {tunnel.name} has this id")


@pytest.mark.fact("tunnel.name")
def test_name(judge: Judge, tunnel: Tunnel) -> None:
    """Somebody renamed the tunnel, or the documented id belongs to another one. Renaming breaks nothing.

    Not seen here: whether it is the documented tunnel; see tunnel.id.
    """
    judge(tunnel.name)


@pytest.mark.fact("tunnel.deleted")
def test_deleted(judge: Judge, tunnel: Tunnel) -> None:
    """The tunnel was deleted, and cannot be brought back; every request ends in an error page of Cloudflare (530).

    Not seen here: whether anything leads to it; see dns.target.
    """
    judge(tunnel.deleted, note=f"deleted at {tunnel.deleted_at}")


@pytest.mark.fact("tunnel.config_source")
def test_config_source(judge: Judge, tunnel: Tunnel) -> None:
    """The tunnel takes its rules from a file on the host, and ignores what API and dashboard say.

    Not seen here: what a file on the host says; see cloudflared.local_config.
    """
    judge(tunnel.kept)


@pytest.mark.fact("tunnel.status")
def test_status(judge: Judge, tunnel: Tunnel) -> None:
    """Degraded: a connection was lost; down: cloudflared was there and is gone; inactive: it never ran.

    Not seen here: a loss of the last moments, which Cloudflare's own count has yet to notice.
    """
    judge(tunnel.health)


@pytest.mark.fact("tunnel.connections")
def test_connections(judge: Judge, tunnel_connections: TunnelConnections) -> None:
    """Cloudflare counts a different number of live connections.

    Fewer: cloudflared is stopped, or port 7844 is blocked for some of Cloudflare's addresses. More: a second
    cloudflared runs with the same token.

    Not seen here: whose they are (tunnel.connector_on_host), and whether requests come through them (public.answers).
    """
    judge(tunnel_connections.live, note=tunnel_connections.told)


@pytest.mark.fact("tunnel.pending")
def test_pending(judge: Judge, tunnel_connections: TunnelConnections) -> None:
    """Connections were lost minutes ago and did not come back under the same connector.

    After a restart this passes by itself; if it stays, the connection to the internet is unstable.

    Not seen here: connections that were lost and had come back before this look.
    """
    judge(tunnel_connections.pending, note=tunnel_connections.told)


@pytest.mark.fact("tunnel.data_centres")
def test_data_centres(judge: Judge, tunnel_connections: TunnelConnections) -> None:
    """All connections end in one data centre, and fall together with it.

    Cloudflare spreads them over two by itself.

    Not seen here: whether they are of one city.
    """
    judge(len(tunnel_connections.data_centres), note=", ".join(tunnel_connections.data_centres))


@pytest.mark.fact("tunnel.connector_on_host")
def test_connector_on_host(judge: Judge, tunnel_connections: TunnelConnections, own_connector: OwnConnector) -> None:
    """Another machine, or another process, serves the tunnel too, and gets a share of the requests.

    Its connections show its address and its architecture. Where several hosts serve the tunnel, a connector of none of
    them does, or one of theirs is connected to another tunnel.

    Not seen here: a connector that comes and goes between two looks.
    """
    judge(own_connector.serves_alone(tunnel_connections), note=own_connector.told_of(tunnel_connections))


@pytest.mark.fact("tunnel.ingress")
def test_ingress(judge: Judge, tunnel_rules: TunnelConfig) -> None:
    """The first rule sends requests elsewhere, or takes another host name or only some paths.

    Or a timeout of it is over before it begins, as one that was written in nanoseconds: cloudflared counts seconds.

    Not seen here: how else the rule connects to the service (TLS, proxy), and whether a connector runs it; see
    cloudflared.config_ingress and public.answers.
    """
    judge(tunnel_rules.first, note=tunnel_rules.told)


@pytest.mark.fact("tunnel.http_host_header")
def test_http_host_header(judge: Judge, tunnel_rules: TunnelConfig, run: Run) -> None:
    """The rule passes the public Host header on, or one that is not the documented one.

    A service that minds the Host refuses one that it does not know, mostly with 403 or 400. A port that only one of the
    two names is no difference.

    Not seen here: whether a connector sends it by now (cloudflared.config_is_current), and other headers.
    """
    from spark_conformance.https.route import probe_path

    seen = tunnel_rules.http_host_header(run.system.hostname, probe_path(run))
    judge(seen, ok=same_host_header(seen, judge.expect), note=tunnel_rules.told)


@pytest.mark.fact("tunnel.fallback")
def test_fallback(judge: Judge, tunnel_rules: TunnelConfig) -> None:
    """Requests that no rule matches get something other than the documented answer.

    Perhaps a service that was never meant to be public.

    Not seen here: what rules before it take that was meant for it; see tunnel.rules.
    """
    judge(tunnel_rules.fallback, note=tunnel_rules.told)


@pytest.mark.fact("tunnel.rules")
def test_rules(judge: Judge, tunnel_rules: TunnelConfig) -> None:
    """There are rules that the document does not mention, or one is missing.

    Not seen here: what the rules are, but for the first (tunnel.ingress) and the last (tunnel.fallback).
    """
    judge(len(tunnel_rules.rules), note=tunnel_rules.told)


@pytest.mark.fact("routes.*")
def test_route(judge: Judge, tunnel_rules: TunnelConfig) -> None:
    """A request for this host name and path meets another rule, or the rule hands it on otherwise than documented.

    cloudflared takes the first rule whose name and path fit: one for more names, or for more paths, that stands before
    takes the requests away. A path is a regular expression that may fit anywhere in the request's path.

    Not seen here: rules that such a request does not meet, and whether a connector runs these; see
    cloudflared.config_is_current.
    """
    from spark_conformance.cloudflare.tunnel_routes import alike, met

    found = met(tunnel_rules.rules, judge.expect)
    seen = found.seen
    judge(seen, ok=alike(seen, judge.expect), note=found.told)

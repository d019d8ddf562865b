"""Checks of the service behind the tunnel, as it shows on the host itself: how it runs, where it answers, how well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from spark_conformance.core.judging import Judge
    from spark_conformance.host.containers import Container
    from spark_conformance.host.http_service import ServiceAnswer
    from spark_conformance.host.http_service_header import ServiceReplay
    from spark_conformance.host.listeners import Listeners
    from spark_conformance.host.recent import Recent
    from spark_conformance.host.service_state import ServiceState
    from spark_conformance.host.units import Unit


@pytest.mark.fact("service.unit")
def test_unit(judge: Judge, service_unit: Unit) -> None:
    """Systemd knows no such service: it has another name, or was started by hand.

    Not seen: whether it is this service that answers at service.url.
    """
    judge(service_unit.name)


@pytest.mark.fact("service.container")
def test_container(judge: Judge, service_container: Container) -> None:
    """There is no container of this name, and no Compose service: it was removed, or made under another name.

    Not seen: whether it is this container that answers at service.url.
    """
    seen = service_container
    judge(seen.service if judge.expect == seen.service else seen.name, note=seen.state)


@pytest.mark.fact("service.enabled")
def test_enabled(judge: Judge, service_state: ServiceState) -> None:
    """The service will not come back after a reboot.

    Not seen: whether docker itself starts at boot, where the service is a container.
    """
    judge(service_state.enabled, note=service_state.comes_back)


@pytest.mark.fact("service.active")
def test_active(judge: Judge, service_state: ServiceState) -> None:
    """The service does not run.

    Not seen here: whether it answers (service.url), and what docker's own check of its health says.
    """
    judge(service_state.runs, note=service_state.told)


@pytest.mark.fact("service.restarts")
def test_restarts(judge: Judge, service_restarts: Recent) -> None:
    """The service keeps dying and being started again.

    Not seen: restarts by hand, by a timer, and those before the last boot or reset, which nobody counts. Those
    that are longer ago than the fact's hours (24) are over, and do not count.
    """
    judge(service_restarts.recent, note=service_restarts.told)


@pytest.mark.fact("service.url")
def test_url(judge: Judge, service_answer: ServiceAnswer) -> None:
    """Nothing answers HTTP at the documented address, where the tunnel sends requests.

    Any answer will do, an error as well: service.health says what a healthy one is. Not seen: whether it is this
    service that answers.
    """
    judge(service_answer.url, note=service_answer.told)


@pytest.mark.fact("service.loopback_only")
def test_loopback_only(judge: Judge, service_listeners: Listeners) -> None:
    """Whoever reaches the host reaches the service past Cloudflare: it listens on other addresses than loopback.

    Not seen: who hands the port on by another one, such as a proxy, `ssh -L`, or the firewall's redirection.
    """
    judge(not service_listeners.open_to_others, note=f"it listens on {', '.join(service_listeners.addresses)}")


@pytest.mark.fact("service.health")
def test_health(judge: Judge, service_health: ServiceAnswer) -> None:
    """The service answers, and not as a healthy one: another status, or without what must stand in its answer.

    Not seen: whatever its health's request does not ask for.
    """
    from spark_conformance.host.http_service import lacking

    wrong = lacking(judge.expect, service_health)
    judge(service_health.told, ok=not wrong, note="; ".join(wrong))


@pytest.mark.fact("service.accepts_host")
def test_accepts_host(judge: Judge, service_host_replay: ServiceReplay) -> None:
    """The service refuses what the tunnel sends: its Host header, or that a proxy passes it on (X-Forwarded-For).

    The public answer is then the service's own refusal, which the tunnel never logs: the service wants the public name
    among those that it takes, or the connector's address among the proxies that it trusts. Not seen: what a browser
    sends besides, such as Origin, and whether WebSockets are let in.
    """
    judge(service_host_replay.accepted, note=service_host_replay.told)

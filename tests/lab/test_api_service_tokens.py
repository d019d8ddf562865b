"""Service tokens: the secret is seen once; expiry, switching off, rotation, deletion."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from cloudflare import BadRequestError, Cloudflare, NotFoundError

from spark_lab.world import World
from tests.lab import api_world as lab

pytest_plugins = ["tests.lab.api_fixtures"]
SHAPE = re.compile(r"cfast_[A-Za-z0-9]{40}[0-9a-f]{8}")


def days_left(moment: datetime | None) -> float:
    assert moment is not None
    return (moment - datetime.now(UTC)) / timedelta(days=1)


def test_the_secret_is_shown_at_the_making_and_never_again(sdk: Cloudflare, world: World) -> None:
    made = sdk.zero_trust.access.service_tokens.create(account_id=lab.ACCOUNT, name="new", duration="720h")
    assert made is not None
    assert made.id is not None
    assert made.client_id is not None
    assert made.client_secret is not None
    assert SHAPE.fullmatch(made.client_secret)
    assert made.client_id.endswith(".access")
    assert world.service_token_secrets[made.id] == made.client_secret
    got = sdk.zero_trust.access.service_tokens.get(made.id, account_id=lab.ACCOUNT)
    assert got is not None
    assert "client_secret" not in got.to_dict()
    assert 29.9 < days_left(got.expires_at) <= 30


def test_rotation_changes_the_secret_alone(sdk: Cloudflare, world: World) -> None:
    rotated = sdk.zero_trust.access.service_tokens.rotate(lab.SERVICE_TOKEN, account_id=lab.ACCOUNT)
    assert rotated is not None
    assert (rotated.id, rotated.client_id) == (lab.SERVICE_TOKEN, f"{'9' * 32}.access")
    assert rotated.client_secret == world.service_token_secrets[lab.SERVICE_TOKEN] != "f" * 64


def test_refresh_lets_the_duration_begin_anew(sdk: Cloudflare, world: World) -> None:
    world.service_tokens[lab.SERVICE_TOKEN]["expires_at"] = "2020-01-01T00:00:00Z"
    refreshed = sdk.zero_trust.access.service_tokens.refresh(lab.SERVICE_TOKEN, account_id=lab.ACCOUNT)
    assert refreshed is not None
    assert days_left(refreshed.expires_at) > 364


def test_switched_off_renamed_and_given_another_duration(sdk: Cloudflare) -> None:
    tokens = sdk.zero_trust.access.service_tokens
    updated = tokens.update(lab.SERVICE_TOKEN, account_id=lab.ACCOUNT, enabled=False, name="off", duration="forever")
    assert updated is not None
    assert (updated.enabled, updated.name, updated.duration) == (False, "off", "forever")
    assert days_left(updated.expires_at) > 36000
    with pytest.raises(BadRequestError):
        tokens.update(lab.SERVICE_TOKEN, account_id=lab.ACCOUNT, duration="a year")


def test_deleted(sdk: Cloudflare, world: World) -> None:
    tokens = sdk.zero_trust.access.service_tokens
    tokens.delete(lab.SERVICE_TOKEN, account_id=lab.ACCOUNT)
    with pytest.raises(NotFoundError) as caught:
        tokens.get(lab.SERVICE_TOKEN, account_id=lab.ACCOUNT)
    assert caught.value.errors[0].message == "access.api.error.service_token_not_found"
    assert world.service_token_secrets == {}

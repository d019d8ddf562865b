"""What the checks of Access make of policies that were seen."""

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest

from spark_conformance.cloudflare.access.policies import AccessPolicy, told
from spark_conformance.core.verdict import Unreachable
from tests.cloudflare.test_access import ANY_TOKEN, EVERYONE, MAIL, NEW, OTHER, TOKEN, policy
from tests.host.stubs import run_on
from tests.host.test_checks import judged

of_access = import_module("checks.test_access")
TOKEN_SEEN = SimpleNamespace(id="token")
SERVICE = policy("non_identity", TOKEN)


def app(*policies: AccessPolicy) -> Any:
    return SimpleNamespace(policies=policies, told=told(policies))


def strangers(*policies: AccessPolicy, **changes: Any) -> tuple[bool, str, str]:
    others = SimpleNamespace(names={"other": "laptop"})
    return judged(of_access.test_strangers, app(*policies), TOKEN_SEEN, others, run_on(None, **changes))


def test_a_policy_that_admits_the_token_for_certain_or_perhaps() -> None:
    assert judged(of_access.test_service_auth, app(SERVICE), TOKEN_SEEN)[:2] == (True, "yes")
    assert judged(of_access.test_service_auth, app(SERVICE, policy("non_identity", NEW)), TOKEN_SEEN)[0]
    assert judged(of_access.test_service_auth, app(policy("non_identity", OTHER)), TOKEN_SEEN)[:2] == (False, "no")
    with pytest.raises(Unreachable, match="whether Access lets the service token in cannot be told"):
        judged(of_access.test_service_auth, app(policy("non_identity", NEW)), TOKEN_SEEN)


def test_strangers_by_a_token_and_by_a_login_that_is_not_documented() -> None:
    staff = policy("allow", MAIL, name="staff")
    documented = {"access__policy": {"name": "staff", "everyone": False}}
    assert strangers(SERVICE)[:2] == (True, "0")
    assert strangers(SERVICE, policy("non_identity", ANY_TOKEN))[:2] == (False, "1")
    assert strangers(SERVICE, staff, **documented)[:2] == (True, "0")
    assert strangers(SERVICE, staff, policy("allow", EVERYONE, name="more"), **documented)[:2] == (False, "1")
    assert strangers(SERVICE, policy("allow", EVERYONE, name="more"), access__policy=None)[:2] == (True, "0")
    with pytest.raises(Unreachable, match="whether Access lets anybody but the documented client in"):
        strangers(SERVICE, policy("non_identity", NEW))
    assert strangers(policy("non_identity", NEW), policy("non_identity", OTHER))[0] is False


@pytest.mark.parametrize(("named", "seen"), [("laptop", (True, "0")), ("other", (True, "0")), ("desk", (False, "1"))])
def test_a_token_that_the_document_names_is_no_stranger(named: str, seen: tuple[bool, str]) -> None:
    admits = {"service_tokens": [named]}
    assert strangers(SERVICE, policy("non_identity", OTHER), access__admits=admits)[:2] == seen


def test_a_bypass_that_asks_for_an_identity_is_not_told_to_be_shut() -> None:
    asks = SimpleNamespace(
        open_to_everyone=None, policies=[policy("bypass", EVERYONE, require=[MAIL])], told="", unclear_paths=()
    )
    with pytest.raises(Unreachable, match="an identity that a Bypass requires and does not look at"):
        judged(of_access.test_open_to_everyone, asks)

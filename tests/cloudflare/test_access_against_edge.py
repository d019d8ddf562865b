"""Who gets in, as the rules alone tell it, held against the lab's edge, which decides request by request."""

from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from spark_conformance.cloudflare.access.admission import Visitor
from spark_conformance.cloudflare.access.policies import policies_of
from spark_conformance.cloudflare.tables import Table
from spark_lab.edge.access.credentials import Standing
from spark_lab.edge.access.policies import admission
from tests.lab.edge_request import a_request
from tests.lab.edge_world import OTHER_TOKEN, TOKEN, a_world

Json = dict[str, Any]
NETWORKS = ("0.0.0.0/1", "10.0.0.0/8", "10.0.0.0/9", "10.128.0.0/9", "192.0.2.0/24", "2001:db8::/32")
ADDRESSES = (
    "10.1.2.3", "10.200.0.1", "192.0.2.7", "1.1.1.1", "198.51.100.9", "255.255.255.255", "2001:db8::1", "2606::1",
)  # fmt: skip
COUNTRIES = ("NZ", "DE", "XX")
TOKENS = (None, TOKEN, OTHER_TOKEN)
LISTS = ("include", "require", "exclude")

plain: st.SearchStrategy[Json] = st.one_of(
    st.just({"everyone": {}}),
    st.just({"any_valid_service_token": {}}),
    st.sampled_from([{"service_token": {"token_id": token}} for token in (TOKEN, OTHER_TOKEN)]),
    st.sampled_from([{"ip": {"ip": network}} for network in NETWORKS]),
    st.sampled_from([{"geo": {"country_code": country}} for country in COUNTRIES[:2]]),
)
identity = st.just({"email": {"email": "somebody@example.org"}})


def lists(rule: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries({name: st.lists(rule, max_size=2) for name in LISTS})


groups = st.fixed_dictionaries({"one": lists(plain | identity)})
rules = plain | identity | st.just({"group": {"id": "one"}})
policies = st.tuples(st.sampled_from(("bypass", "non_identity", "allow", "deny")), lists(rules))


def seen_at_the_edge(policy: Json, known: dict[str, Json], token: str | None) -> set[bool]:
    """Whether the edge lets a client in without a login, from each of many places."""
    world = a_world()
    world.groups = known
    held = Standing(presented=True, token=world.service_tokens[token], valid=True) if token else Standing()
    requests = (a_request(address=address, country=country) for address, country in product(ADDRESSES, COUNTRIES))
    return {admission(world, [policy], request, held).result != "unmatched" for request in requests}


@given(policies, groups)
def test_what_is_told_of_a_policy_is_what_the_edge_does(told: tuple[str, Json], named: dict[str, Json]) -> None:
    decision, entries = told
    policy = {"id": "p", "name": "p", "decision": decision, **entries}
    tables = {key: Table(key, {"id": key, **value}) for key, value in named.items()}
    [ours] = policies_of([Table("the policy", policy)], [], tables)
    everywhere = set[bool]()
    for token in TOKENS:
        there = seen_at_the_edge(policy, named, token)
        everywhere |= there
        lets_in = ours.lets_in(Visitor(token))
        assert lets_in is None or lets_in == (True in there), (token, lets_in, there)
    if ours.everyone and decision != "allow":
        assert everywhere == {True}

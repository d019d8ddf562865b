"""Stand-ins for what pytest hands to the plugin: an item that has no more than a decider asks of it."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from spark_conformance.plugin.marks import fact_key


def item(fact: str = "", node: str = "checks/test_dns.py::test_ttl", **more: Any) -> pytest.Item:
    """An item that is about a fact, or about none."""
    stash = pytest.Stash()
    stash[fact_key] = fact
    return cast("pytest.Item", SimpleNamespace(nodeid=node, stash=stash, **more))


def config(**more: Any) -> pytest.Config:
    """A configuration with these members and a stash of its own."""
    return cast("pytest.Config", SimpleNamespace(stash=pytest.Stash(), **more))

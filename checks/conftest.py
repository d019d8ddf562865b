"""Refuses a session in which these checks could not be judged, because the plugin takes no part in it."""

import pytest

from spark_conformance.facts.calling import INSTALLED
from spark_conformance.plugin import NAME, takes_part


def pytest_collectstart(collector: pytest.Collector) -> None:
    if not takes_part(collector.config):
        raise pytest.UsageError(
            f"the plugin {NAME} takes no part in this session: remove `-p no:{NAME}`"
            if INSTALLED
            else "the conftest.py beside checks/ was not read, because the configuration is elsewhere (-c): add "
            "--confcutdir with the directory that holds both"
        )

"""Says so where the conftest beside this directory, which names the plugin, was not read."""

import pytest


def pytest_sessionstart(session: pytest.Session) -> None:
    if not session.config.pluginmanager.hasplugin("spark_conformance.plugin.targets"):
        raise pytest.UsageError(
            "the conftest.py beside checks/ was not read, because the configuration is elsewhere (-c): add "
            "--confcutdir with the directory that holds both"
        )

"""What is said of the connector's complaints where its log does not come to the journal."""

import pytest

from spark_conformance.core.verdict import Unreachable
from spark_conformance.host.complaints import connection_complaint
from spark_conformance.host.units import cloudflared_unit, parse
from tests.host.installation import Installation
from tests.host.stubs import given

RUN = "/usr/local/bin/cloudflared tunnel run"


@pytest.mark.parametrize(
    ("environment", "shown", "said"),
    [
        ({"TUNNEL_LOGLEVEL": "fatal"}, "journal", "at level fatal, set by the variable TUNNEL_LOGLEVEL"),
        ({}, "null", "not go to the journal, but to null"),
        ({}, "journal", "into the group systemd-journal"),
    ],
)
def test_settings_of_its_log_are_named(
    host_with: Installation, environment: dict[str, str], shown: str, said: str
) -> None:
    host_with.loaded(RUN, f"StandardError={shown}")
    given(host_with.run, cloudflared_unit, parse("ActiveState=active\nInvocationID=5c2b", "cloudflared.service"))
    host_with.runs("cloudflared", environment=environment)
    host_with.stub.prints("journalctl", "")
    host_with.stub.prints("readlink", "")
    with pytest.raises(Unreachable, match=said):
        host_with.run.get(connection_complaint)

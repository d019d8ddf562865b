"""A lab, and a recording of it while it was healthy."""

from pathlib import Path

import pytest

from spark_conformance.observations import load_observations
from spark_conformance.recording.storage import Recording
from spark_lab.announcement import Announcement
from tests.recording.making import Recorded, recorded

load_observations()


@pytest.fixture(scope="session")
def healthy(one_lab: Announcement, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """What a healthy lab was recorded to be, before any test breaks it, with what was judged then."""
    return recorded(one_lab, tmp_path_factory.mktemp("healthy") / "recording")


@pytest.fixture
def copy(healthy: Recorded, tmp_path: Path) -> Path:
    """A copy of that recording, to be altered."""
    place = tmp_path / "copy"
    for path in sorted(healthy.place.rglob("*.json")):
        target = place / path.relative_to(healthy.place)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return place


@pytest.fixture
def recording(healthy: Recorded) -> Recording:
    return healthy.recording

"""The parity table lists what is served: each route with its methods, and every error code that the API gives."""

import re
from collections import defaultdict
from pathlib import Path

from spark_lab import api
from spark_lab.api.routes import ROUTES

HERE = Path(api.__file__).parent
TABLE = (HERE / "PARITY.md").read_text(encoding="utf-8")
ROW = re.compile(r"\| `(\S+)` \| ([A-Z, ]+) \|")
SHORT = {"{a}": "/accounts/{account}", "{z}": "/zones/{zone}"}


def test_the_table_lists_the_routes_that_are_served() -> None:
    served = defaultdict(set)
    for route in ROUTES:
        served[route.path].add(route.method)
    listed = {}
    for path, methods in ROW.findall(TABLE):
        start, _, rest = path.partition("}")
        listed[SHORT.get(start + "}", start + "}") + rest if path.startswith("{") else path] = set(methods.split(", "))
    assert listed == served


def test_the_table_lists_every_error_code() -> None:
    code = re.compile(r"\(\s*[45]\d\d, (\d{3,5}), |(?:also|chain)=\((\d{4}), ")
    given = {found for file in HERE.glob("*.py") for pair in code.findall(file.read_text()) for found in pair if found}
    assert len(given) > 40
    assert {one for one in given if not re.search(rf"\b{one}\b", TABLE)} == set()

from spark_conformance.core.verdict import Verdict
from spark_conformance.notify.gathered import about, page, seen, tells_causes
from tests.report.made import finding, results


def test_a_part_of_the_facts_that_shows_no_cause_is_told_of_only_where_that_is_asked_for() -> None:
    for findings, told in (
        ([finding("dns.proxied", Verdict.NONCONFORMANT)], False),
        ([finding("public.answers", Verdict.NOT_APPLICABLE)], False),
        ([finding("public.answers", Verdict.UNREACHABLE)], True),
    ):
        [target] = results(*findings).targets
        assert tells_causes(target) is told


def test_what_hangs_on_a_root_cause_is_none_of_its_own() -> None:
    blocked = finding("host.gpu", Verdict.BLOCKED)
    blocked.blocked_by = "host.reachable"
    waived = finding("dns.ttl", Verdict.WAIVED)
    advisory = finding("tunnel.rules", Verdict.NONCONFORMANT)
    advisory.severity = "advisory"
    made = results(finding("host.reachable", Verdict.UNREACHABLE), blocked, waived, advisory)
    [trouble] = seen(made.targets[0]).troubles
    assert (trouble.key, trouble.facts, trouble.blocked) == (
        "hindrance:host.reachable",
        ("host.reachable",),
        ("host.gpu",),
    )
    assert about(made, made.targets[0], {}).headline == "exit code 1"


def test_the_page_of_a_run_in_ci() -> None:
    names = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "we/infra", "GITHUB_RUN_ID": "7"}
    assert page(names) == "https://github.com/we/infra/actions/runs/7"
    assert page({**names, "GITHUB_RUN_ID": ""}) == ""

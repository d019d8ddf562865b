"""What a remediation may not touch: everything of a world that no fact speaks of, as it was before."""

from functools import partial
from typing import Any

from spark_lab.world import Json
from tests.remediation.worlds.twin import HOST

TIMES = frozenset({"updated_at", "modified_on", "created_at", "created_on", "version"})
"""What changes with every write of an object that is a remedy's own."""
WHOLE = ("tunnels", "policies", "groups", "organization", "settings", "zone", "account")
"""What no remedy writes at all."""


def violations(before: Json, after: Json, token_id: str) -> list[str]:
    """What of a world became another thing although it is none of the public name's, in words."""
    found = [name for name in WHOLE if before[name] != after[name]]
    found += _others("records", before, after, lambda record: record["name"] == HOST)
    found += _others("service_tokens", before, after, lambda token: token["id"] == token_id)
    found += _others("configurations", before, after, lambda _: False, _rules)
    found += _others("apps", before, after, lambda _: False, partial(_app, groups=before["groups"]))
    return found


def _others(name: str, before: Json, after: Json, ours: Any, kept: Any = lambda one, _now: one) -> list[str]:
    """Objects that are gone, or are others in what has to be kept of them; and new ones that are not ours."""
    told = []
    for key, old in before[name].items():
        now = after[name].get(key)
        if not ours(old) and (now is None or kept(old, old) != kept(now, old)):
            told.append(f"{name}: {kept(old, old)} → {now and kept(now, old)}")
    made = [one for key, one in after[name].items() if key not in before[name]]
    return told + [f"{name}: made {one}" for one in made if HOST not in {one.get("name"), one.get("domain")}]


def _rules(config: Json, _old: Json) -> Any:
    """A tunnel's configuration without the rule of the public name, and without the last one's answer."""
    inner = config["config"]
    rules = [rule for rule in inner.get("ingress") or [] if rule.get("hostname") or _narrow(rule)]
    others = [rule for rule in rules if str(rule.get("hostname") or "").lower() != HOST or rule.get("path") == "^/pull"]
    return {key: value for key, value in inner.items() if key != "ingress"}, others


def _narrow(rule: Json) -> bool:
    return bool(rule.get("path")) and rule["path"] != "/"


def _app(app: Json, old: Json, groups: Json) -> Any:
    """An application but for the public name's own place; of its policies, what the old one had."""
    plain = {key: value for key, value in app.items() if key not in {*TIMES, "policies", "domain", *_PLACES}}
    return plain, _places(app), _policies(app, old, groups)


_PLACES = ("destinations", "self_hosted_domains")


def _places(app: Json) -> list[Any]:
    """Where it stands but before the public name, with all that is said of each place."""
    said = app.get("destinations") or [{"type": "public", "uri": app["domain"]}]
    return sorted((place for place in said if place.get("uri") != HOST), key=str)


def _policies(app: Json, old: Json, groups: Json) -> list[Any]:
    """Its policies as far as the old one had them, and they are none by which everyone passes: these may be shut."""
    known = {policy["id"] for policy in old["policies"] if not _opens(policy, groups)}
    return [_policy(policy) for policy in app["policies"] if policy["id"] in known]


def _policy(policy: Json) -> Any:
    return {key: value for key, value in policy.items() if key not in {*TIMES, "include", "decision", "name"}}


def _opens(policy: Json, groups: Json) -> bool:
    """Whether it is one that a remedy may shut altogether: by it everyone passes without credentials."""
    named = [groups[rule["group"]["id"]]["include"] for rule in policy.get("include") or [] if "group" in rule]
    everyone = any({"everyone": {}} in rules for rules in (policy.get("include") or [], *named))
    return policy.get("decision") in {"bypass", "non_identity"} and everyone

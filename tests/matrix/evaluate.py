"""All checks of one target without a pytest session around them; here a hundred runs must not cost so many sessions."""

from fixtures.suite.evaluating import checks, evaluate, finding_of, findings_of

__all__ = ["checks", "evaluate", "finding_of", "findings_of"]

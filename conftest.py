"""Names the plugins, and nothing else."""

pytest_plugins = [
    "fixtures.suite.options",
    "fixtures.suite.plugin",
    "fixtures.suite.outcomes",
    "fixtures.suite.summary",
    "fixtures.suite.ledger",
    "fixtures.report.plugin",
]

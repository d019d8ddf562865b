"""Names the plugin, and nothing else."""

pytest_plugins = ["spark_conformance.plugin"]

"""Names the plugins, and nothing else."""

from fixtures.suite import PLUGINS

pytest_plugins = [*PLUGINS]

"""Names the plugins, and where the observations are; nothing else."""

from spark_conformance.plugin import PLUGINS, load_observations

load_observations("cloudflare", "dns", "github", "host", "https", "repository", "secrets")

pytest_plugins = [*PLUGINS]

"""Names the plugins that the suite's own tests need."""

pytest_plugins = ["pytester"]

"""The packages to install: those of the source root, and the checks, which stand at the top of the repository."""

from setuptools import find_packages, setup

setup(packages=[*find_packages("fixtures"), "spark_conformance.checks"])

"""The packages to install: those of the source root, and what stands at the top of the repository: checks, docs."""

from setuptools import find_packages, setup

setup(packages=[*find_packages("fixtures"), "spark_conformance.checks", "spark_conformance.docs"])

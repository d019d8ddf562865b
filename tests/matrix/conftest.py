"""The labs of the matrix."""

from tests.labs import healthy_lab, lab, one_lab

__all__ = ["healthy_lab", "lab", "one_lab"]

"""The lab that scenarios are made on."""

from tests.labs import lab, one_lab

__all__ = ["lab", "one_lab"]

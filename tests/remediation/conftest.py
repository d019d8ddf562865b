"""The lab that remedies are tried on."""

from tests.labs import lab, one_lab

__all__ = ["lab", "one_lab"]

"""The laboratory: masters and slaves on loopback, all of them real programs.

    with Lab.up("/tmp/lab", masters=1, slaves=2) as lab:
        lab.masters[0].change("create", ["shop.example"])
        lab.slaves[0].named.get_serial("shop.example")

`tests/lab/lab` is the same for the command line.
"""

from .basics import LabError, poll
from .lab import Lab

__all__ = ["Lab", "LabError", "poll"]

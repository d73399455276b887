"""Reading and checking in a second process, beside the one that loads.

``worth_it`` says for which file it pays, ``prepared`` runs a job there. The work itself is
:class:`xinyong.intake.preparing.Preparation`, the same as in one process.
"""

from xinyong.intake.aside.parent import CheckerLost, prepared, warm, worth_it

__all__ = ["CheckerLost", "prepared", "warm", "worth_it"]

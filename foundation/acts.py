"""Who does this, when and why: what every writing verb is handed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Act:
    """One person's deed: `actor` is a member's number as shown (`M0042`) or the machine's own account
    (`machine:root`), `at` the instant it counts from, `why` their own words, kept in the journal.
    """

    actor: str
    at: datetime
    why: str = ""

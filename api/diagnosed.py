"""A diagnosis asked for on the web: so many at a time, since each speaks to machines for some seconds."""

from __future__ import annotations

from threading import BoundedSemaphore
from typing import Final

from fastapi import Request

from api.rest.machines import HandsFull
from desk import diagnosis
from foundation.acts import Act
from monitoring.diagnosis.finding import Diagnosis
from monitoring.diagnosis.seen import Complaint

AT_ONCE: Final = 3
"""Diagnoses that this process makes at a time."""
PLACES: Final = BoundedSemaphore(AT_ONCE)


def diagnosed(request: Request, act: Act, number: str, *, names: bool) -> Diagnosis:
    """What is the matter with a line, for whoever acts. Raises HandsFull, and what `diagnosis.diagnose` raises."""
    if not PLACES.acquire(blocking=False):
        raise HandsFull
    try:
        state = request.app.state
        complaint = Complaint.NAMES if names else None
        return diagnosis.diagnose(state.store, state.samples, state.settings, act, number, complaint)
    finally:
        PLACES.release()

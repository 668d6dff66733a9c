"""What talks to machines: a plan, a change applied, one put back. No transaction is open meanwhile.

A plan is answered when every machine was looked at. Applying goes on behind the answer, which comes as soon as the
change is taken in hand: how it goes is read at `/changes/{name}`, whose state moves on. At most so many are at work at
a time; who comes then is asked to come again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import BoundedSemaphore, Event
from typing import Final

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from api.dependencies import Caller, Reader, Writer
from api.languages import language_of
from api.rest import described
from api.rest.answers import etag_of, given, spelled
from api.rest.changes import CHANGES, EXAMPLE
from api.rest.noun import Body
from api.rest.parameters import Seen, Upon
from api.rest.routes import ROOT, found, held
from foundation.database import reading, transaction
from foundation.errors import Forbidden, Unavailable
from foundation.speech import Phrase
from provisioning import apply as applying
from provisioning import plan as planning
from provisioning import putting_back
from provisioning.apply import Applied
from provisioning.commit import Step
from provisioning.views import ChangeView, PlannedView, planned

router = APIRouter(prefix=ROOT, tags=[CHANGES.path])

AT_ONCE: Final = 4
"""Requests that may have machines in hand at a time, in this process."""
HANDS: Final = BoundedSemaphore(AT_ONCE)


class HandsFull(Unavailable):
    """As many requests as may are at work on machines."""

    kind = "hands-full"
    phrase = Phrase(
        "Essaim parle déjà à autant de machines qu'il peut. Rien n'a été changé ; réessayez dans une minute.",
        "Essaim speaks to as many machines as it can already. Nothing was changed; try again in a minute.",
    )


class Asked(Body):
    """Only the machines on which these lines (`L0042`) or members (`M0042`) leave a mark; all of them where empty.

    `take_over`: targets that were never configured by us, from which what the inventory does not know may go.
    """

    lines: list[str] = Field([], max_length=100, examples=[["L0042"]])
    take_over: list[str] = Field([], max_length=100, examples=[["vpn/wireguard"]])


class Plan(BaseModel):
    """What was found, machine by machine."""

    items: list[PlannedView]


class Diff(BaseModel):
    """What a change changes, as the platform's people read it; secrets stand in it as fingerprints."""

    number: str
    diff: str


@router.get("/changes/{name}/diff", responses=described.reading(Diff))
def diff(request: Request, caller: Reader, name: str, seen: Seen = None) -> Response:
    """What a change changes: its diff."""
    with reading(request.app.state.store) as session:
        change, _ = found(session, caller, CHANGES, name)
        return given({"number": str(change), "diff": change.diff}, seen)


@router.post("/changes/plan", responses=described.doing(Plan, 200))
def plan(request: Request, caller: Writer, body: Asked | None = None) -> Response:
    """Look at machines against what the inventory wants; what differs becomes a change. Nothing is changed on them."""
    with _hand():
        asked = body or Asked()
        everything = planning.plan(
            request.app.state.store,
            request.app.state.settings,
            caller.act,
            lambda _: None,
            of=asked.lines,
            taking_over=asked.take_over,
        )
    own = [one for one in everything if not isinstance(one.problem, Forbidden)]
    refused = next((one.problem for one in everything if one.problem is not None), None)
    if refused is not None and not own:
        raise refused
    language = language_of(request)
    return _answer(200, {"items": [planned(one, language) for one in own]})


@router.post("/changes/{name}/revert", responses=described.doing(PlannedView, 200))
def revert(request: Request, caller: Writer, name: str, upon: Upon = None) -> Response:
    """Plan a change that puts back what a machine held before this one; the inventory stays as it is."""
    number = _decided_upon(request, caller, name, upon)
    with _hand():
        one = putting_back.revert(request.app.state.store, request.app.state.settings, caller.act, number)
    return _answer(200, planned(one, language_of(request)))


@router.post("/changes/{name}/apply", status_code=202, responses=described.doing(ChangeView, 202, EXAMPLE))
def apply(request: Request, caller: Writer, name: str, upon: Upon = None) -> Response:
    """Apply an approved change: answered once it is in hand, with where to read how it goes."""
    number = _decided_upon(request, caller, name, upon)
    store, settings = request.app.state.store, request.app.state.settings
    _begin(lambda passed: applying.apply(store, settings, caller.act, [number], lambda _: None, passed))
    with reading(store) as session:
        change, _ = found(session, caller, CHANGES, number)
        (view,) = CHANGES.views(session, caller.act, [change])
    return _answer(202, view, f"{ROOT}/changes/{number}")


def _begin(work: Callable[[Callable[[str, Step], None]], list[Applied]]) -> None:
    """Begin to apply a change; come back once it is in hand. Raises why it is not, and HandsFull.

    Whoever stops the server waits for what goes on behind the answer: a change in hand comes to its end.
    """
    if not HANDS.acquire(blocking=False):
        raise HandsFull
    claimed, moved = Event(), Event()

    def passed(_target: str, _step: Step) -> None:
        claimed.set()
        moved.set()

    def done(_: object) -> None:
        HANDS.release()
        moved.set()

    pool = ThreadPoolExecutor(1, "apply")
    going = pool.submit(work, passed)
    going.add_done_callback(done)
    pool.shutdown(wait=False)
    moved.wait()
    if not claimed.is_set():
        for one in going.result():
            if one.problem is not None:
                raise one.problem


@contextmanager
def _hand() -> Iterator[None]:
    if not HANDS.acquire(blocking=False):
        raise HandsFull
    try:
        yield
    finally:
        HANDS.release()


def _decided_upon(request: Request, caller: Caller, name: str, upon: str | None) -> str:
    """The change of that name, as it was when it was decided upon. Raises Absent, NoSuchChange, Stale."""
    # Where a version is named, whoever writes the row meanwhile is waited for.
    opened = reading if upon is None else transaction
    with opened(request.app.state.store) as session:
        return str(held(session, caller, CHANGES, name, upon))


def _answer(status: int, value: object, location: str = "") -> Response:
    body = spelled(value)
    headers = {"ETag": etag_of(body), "Cache-Control": "no-store"}
    if location:
        headers["Location"] = location
    return Response(body, status, headers, media_type="application/json")

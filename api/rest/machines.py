"""What talks to machines: a plan, a change applied, one put back. No transaction is open meanwhile.

A plan is answered when every machine was looked at. Applying goes on behind the answer, which comes as soon as the
change is taken in hand: how it goes is read at `/changes/{name}`, whose state moves on. At most so many are at work at
a time; who comes then is asked to come again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from foundation.errors import EssaimError, Forbidden, Unavailable
from foundation.speech import Phrase
from provisioning import apply as applying
from provisioning import plan as planning
from provisioning import putting_back
from provisioning.apply import Applied
from provisioning.commit import Step
from provisioning.models import ChangeState
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


class Several(Body):
    """Approved changes, to be applied at once: as many as are in hand at a time."""

    changes: list[str] = Field(min_length=1, max_length=applying.AT_ONCE, examples=[["C0042", "C0043"]])


class Taken(BaseModel):
    """One of them: where to read how it goes; or why it was not taken in hand (`problem` for programs, `sentence` for
    people), with its machine left as it was.
    """

    number: str
    target: str
    state: ChangeState
    location: str
    problem: str | None
    sentence: str | None


class Begun(BaseModel):
    """What became of each so far, in the order in which they were named."""

    items: list[Taken]


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
    for left in _begin(request, caller, [number]).values():
        raise left
    (view,) = _views(request, caller, [number])
    return _answer(202, view, f"{ROOT}/changes/{number}")


@router.post("/changes/apply", status_code=202, responses=described.doing(Begun, 202))
def apply_several(request: Request, caller: Writer, body: Several) -> Response:
    """Apply approved changes together: answered once each is in hand, or could not be taken."""
    numbers = list(dict.fromkeys(_decided_upon(request, caller, name, None) for name in body.changes))
    left, language = _begin(request, caller, numbers), language_of(request)
    items = [
        Taken(
            number=view.number,
            target=view.target,
            state=view.state,
            location=f"{ROOT}/changes/{view.number}",
            problem=left[view.number].kind if view.number in left else None,
            sentence=left[view.number].sentence(language) if view.number in left else None,
        )
        for view in _views(request, caller, numbers)
    ]
    return _answer(202, {"items": [one.model_dump() for one in items]})


def _views(request: Request, caller: Caller, numbers: Sequence[str]) -> Sequence[ChangeView]:
    with reading(request.app.state.store) as session:
        return CHANGES.views(session, caller.act, [found(session, caller, CHANGES, each)[0] for each in numbers])


def _begin(request: Request, caller: Caller, numbers: Sequence[str]) -> dict[str, EssaimError]:
    """Begin to apply changes; come back once each is in hand or was left, and give why it was left.

    Whoever stops the server waits for what goes on behind the answer: a change in hand comes to its end.
    Raises HandsFull, and what `applying.apply` raises before anything is done.
    """
    if not HANDS.acquire(blocking=False):
        raise HandsFull
    claimed, left, moved = set[str](), dict[str, EssaimError](), Event()

    def passed(target: str, _step: Step) -> None:
        claimed.add(target)
        settled()

    def ended(one: Applied) -> None:
        if one.problem is not None and one.target not in claimed:
            left[one.change] = one.problem
        settled()

    def settled() -> None:
        if len(claimed) + len(left) >= len(numbers):
            moved.set()

    def done(_: object) -> None:
        HANDS.release()
        moved.set()

    store, settings = request.app.state.store, request.app.state.settings
    pool = ThreadPoolExecutor(1, "apply")
    going = pool.submit(applying.apply, store, settings, caller.act, numbers, lambda _: None, passed, ended)
    going.add_done_callback(done)
    pool.shutdown(wait=False)
    moved.wait()
    if going.done():
        going.result()
    return dict(left)


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

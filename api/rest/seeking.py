"""What is no noun's list: the journal, and one word sought everywhere."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.dependencies import Caller, Reader
from api.rest import described
from api.rest.addresses import ADDRESSES
from api.rest.answers import given
from api.rest.devices import DEVICES
from api.rest.equipment import EQUIPMENT
from api.rest.lines import LINES
from api.rest.me import Deed
from api.rest.members import MEMBERS
from api.rest.noun import Noun
from api.rest.parameters import Limit, Seen
from api.rest.pools import POOLS
from api.rest.routes import NotForYou, sees_all
from api.rest.wholesale import ORDERS, TICKETS
from foundation import journal
from foundation.database import reading
from inventory import rights, search
from inventory.models.mandates import Task
from inventory.search import Found, Kind

router = APIRouter(prefix="/api/v1", tags=["search"])

_NOUNS: Final[dict[Kind, Noun[Any, Any]]] = {
    Kind.MEMBER: MEMBERS,
    Kind.LINE: LINES,
    Kind.ADDRESS: ADDRESSES,
    Kind.DEVICE: DEVICES,
    Kind.EQUIPMENT: EQUIPMENT,
    Kind.ORDER: ORDERS,
    Kind.TICKET: TICKETS,
    Kind.POOL: POOLS,
}


class Deeds(BaseModel):
    """Entries, the latest first; `next` is the `before` of the page that follows, null at the end."""

    items: list[Deed]
    next: int | None


class Findings(BaseModel):
    """What the word led to, the surest first."""

    items: list[Found]


@router.get("/journal", responses=described.reading(Deeds))
def deeds(
    request: Request,
    caller: Reader,
    subject: Annotated[str | None, Query(max_length=64)] = None,
    member: Annotated[str | None, Query(max_length=16)] = None,
    actor: Annotated[str | None, Query(max_length=64)] = None,
    since: AwareDatetime | None = None,
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    limit: Limit = 100,
    seen: Seen = None,
) -> Response:
    """The whole journal, for whoever has the mandate; one's own file's is at `/me/deeds`."""
    with reading(request.app.state.store) as session:
        if not rights.may(session, caller.act, Task.JOURNAL_READ):
            raise NotForYou(tasks=[Task.JOURNAL_READ])
        found = journal.show(
            session, subject=subject, member=member, actor=actor, since=since, before=before, limit=limit + 1
        )
    following = found[limit - 1].number if len(found) > limit else None
    return given({"items": found[:limit], "next": following}, seen)


@router.get("/search", responses=described.reading(Findings))
def seek(
    request: Request,
    caller: Reader,
    word: Annotated[str, Query(max_length=200, examples=["camille"])],
    limit: Annotated[int, Query(ge=1, le=200)] = 20,
    seen: Seen = None,
) -> Response:
    """Names, e-mails, numbers, addresses, logins, MAC, serials: of the nouns that one may read."""
    with reading(request.app.state.store) as session:
        kinds = _readable(session, caller)
        found = [one for one in search.search(session, word, limit=limit) if one.kind in kinds]
    return given({"items": found}, seen)


def _readable(session: Session, caller: Caller) -> frozenset[Kind]:
    """What one may find. Raises NotForYou where that is nothing."""
    kinds = frozenset(kind for kind, noun in _NOUNS.items() if sees_all(session, caller.act, noun))
    if not kinds:
        raise NotForYou(tasks=sorted(MEMBERS.readers or ()))
    return kinds

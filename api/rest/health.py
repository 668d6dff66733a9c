"""Whether the portal can serve: for supervisors."""

from __future__ import annotations

from fastapi import APIRouter

from api.dependencies import Reading
from inventory import members

router = APIRouter()


@router.get("/healthz")
def healthz(session: Reading) -> dict[str, str]:
    """`ok` once the database has answered; a problem document (503) where it does not."""
    members.list_members(session, limit=1)
    return {"status": "ok"}

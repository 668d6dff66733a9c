"""Tariffs: what offers and memberships cost from a day on. Every member may read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import Field
from sqlalchemy.orm import Session

from api.rest.noun import Body, Noun, paged
from billing import tariffs
from billing.models import Asked, Per, Tariff
from billing.views import TariffView, tariff_views
from foundation import clock
from foundation.acts import Act
from foundation.money import Euros


class NewTariff(Body):
    """What something costs from a day on. With a floor the price is free, and `cents` is what is suggested."""

    of: str = Field(max_length=40, description="an offer or a kind of membership", examples=["offer:vpn"])
    cents: int = Field(examples=[600])
    per: Per = Field(examples=["month"])
    asked: Asked = Asked.REGULAR
    floor_cents: int | None = Field(None, examples=[400])
    solidarity_cents: int | None = Field(None, examples=[200])
    label: str = Field("", max_length=100, examples=["VPN"])
    since: date | None = None


def listed(session: Session, *, of: str | None = None, after: str = "", limit: int = 100) -> Sequence[Tariff]:
    """Every tariff there ever was, by name: what it is of, what it asks, its day; `of` one thing alone."""
    found = tariffs.list_tariffs(session)
    names = {one.id: shown.name for one, shown in zip(found, tariff_views(session, found), strict=True)}
    wanted = [one for one in found if of is None or names[one.id].startswith(f"{of}:")]
    return paged(wanted, lambda one: names[one.id], after, limit)


def create(session: Session, act: Act, body: NewTariff) -> TariffView:
    """From a day on something costs so much; dues that were issued stay as they are."""
    of = tariffs.priced(session, body.of)
    made = tariffs.set_tariff(
        session,
        act,
        of,
        Euros(body.cents),
        per=body.per,
        label=body.label or tariffs.usual_label(of, body.asked),
        since=body.since or clock.today(act.at),
        asked=body.asked,
        floor=None if body.floor_cents is None else Euros(body.floor_cents),
        solidarity=None if body.solidarity_cents is None else Euros(body.solidarity_cents),
    )
    return tariff_views(session, [made])[0]


TARIFFS = Noun(
    path="tariffs",
    about="Tariffs, by what they are of and their day",
    view=TariffView,
    views=lambda session, _act, rows: tariff_views(session, rows),
    find=tariffs.find_tariff,
    listed=listed,
    readers=None,
    acts={"set": create},
    example={
        "name": "offer:vpn:regular:2026-11-01",
        "of": "offer:vpn",
        "asked": "regular",
        "per": "month",
        "cents": 600,
        "floor_cents": 400,
        "solidarity_cents": 200,
        "label": "VPN",
        "since": "2026-11-01",
        "until": None,
    },
)

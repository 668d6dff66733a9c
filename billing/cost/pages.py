"""Reports of the cost price that the association made public: each as it was on the day it was published."""

from __future__ import annotations

from typing import Final

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.cost.sheet import CostReport
from billing.models import CostPage
from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Refused
from foundation.speech import Phrase
from inventory import rules
from inventory.models.mandates import Task
from inventory.rights import asks

RULE: Final = "costs.public"
_REPORT: Final = TypeAdapter(CostReport)


class CostsNotOver(Refused):
    """What is not over would be published again and again, and the differences would tell of a month, of a member."""

    kind = "costs-not-over"
    phrase = Phrase(
        "{period} n'est pas terminé : on publie ce qui l'est. Rien n'a été publié. À partir du {until} : "
        "essaim cost publish",
        "{period} is not over: only what is over is published. Nothing was published. From {until} on: "
        "essaim cost publish",
    )


class CostsOverlap(Refused):
    """A part of it is public already: the difference would be a report that nobody checked for what it tells."""

    kind = "costs-overlap"
    phrase = Phrase(
        "Une partie de {period} est déjà publique (du {since} au {until}) : la différence des deux dirait ce que "
        "donnent quelques personnes. Rien n'a été publié. Publier toujours des mois, ou toujours des années.",
        "A part of {period} is public already (from {since} to {until}): the difference between the two would say "
        "what a few people give. Nothing was published. Publish always months, or always years.",
    )


@asks(Task.DUES_WRITE)
def publish_costs(session: Session, act: Act, report: CostReport) -> CostPage:
    """The report stands on the public page from now on, as it is, where the association opened it (`costs.public`).

    Published again, it takes its own place. Raises CostsNotOver, CostsOverlap.
    """
    end = report.until.replace(month=1, year=report.since.year + 1) if len(report.period) == 4 else report.until
    if end != report.until or clock.today(act.at) < report.until:
        raise CostsNotOver(period=report.period, until=end)
    beside = select(CostPage).where(CostPage.since < report.until, CostPage.until > report.since)
    page = None
    for one in session.scalars(beside):
        if (one.since, one.until) != (report.since, report.until):
            raise CostsOverlap(period=report.period, since=one.since, until=one.until)
        page = one
    if page is None:
        page = CostPage(since=report.since, until=report.until)
        session.add(page)
    page.text, page.at = _REPORT.dump_json(report).decode(), act.at
    journal.record(session, act, "cost.publish", report.period, cents=report.spent)
    session.flush()
    return page


def public_report(session: Session) -> CostReport | None:
    """The latest time that was published; None where the association has not opened the page, or published nothing."""
    if not rules.number(session, RULE):
        return None
    page = session.scalars(select(CostPage).order_by(CostPage.until.desc(), CostPage.since).limit(1)).first()
    return None if page is None else _REPORT.validate_json(page.text)

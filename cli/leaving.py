"""`essaim member leave`: what becomes of what they have, shown before, done once it is confirmed, said afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli import screen
from cli.door import Json, Why, Yes, writing
from foundation.speech import Phrase

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from foundation.acts import Act
    from inventory.handing import Parting

Number = Annotated[str, typer.Argument(metavar="M0042")]


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order that a wholesaler still has for a line that is over, and the command that ends it."""

    order: str
    line: str
    state: Phrase
    command: str


@dataclass(frozen=True, slots=True)
class Left:
    """What someone who leaves leaves behind."""

    member: str
    name: str
    partings: list[Parting]
    mandates: list[str]
    lent: list[str]
    hosted: list[str]
    orders: list[OpenOrder]

    def facts(self) -> Iterator[tuple[Phrase, object]]:
        """What there is to say before it is done."""
        yield Phrase("Lignes : {it}.", "Lines: {it}."), self.partings
        yield Phrase("Mandats qui finissent : {it}.", "Mandates that end: {it}."), self.mandates
        yield Phrase("Matériel encore chez cette personne : {it}.", "Equipment still with them: {it}."), self.lent
        yield (
            Phrase("Ses machines encore ici : {it}.", "Machines of theirs still here: {it}."),
            self.hosted,
        )
        yield (
            Phrase(
                "Commandes qui restent ouvertes : {it}.",
                "Orders that stay open: {it}.",
            ),
            [one.order for one in self.orders],
        )


_ASK: Final = Phrase("{member}, {name} : noter ce départ ?", "{member}, {name}: note that they leave?")
_OWED: Final = Phrase(
    "Ce qui est dû ou trop payé ne change pas : essaim dues show {member}",
    "What is owed or overpaid stays as it is: essaim dues show {member}",
)


def leave(number: Number, yes: Yes = False, why: Why = "", as_json: Json = False) -> None:
    """Someone leaves."""
    if not as_json and screen.asks(yes=yes):
        with writing(why, keep=False) as (session, act):
            seen = _leave(session, act, number)
        for phrase, it in seen.facts():
            if it:
                screen.say(phrase, it=it)
        screen.say(_OWED, member=seen.member)
        if not screen.confirm(_ASK, yes=yes, member=seen.member, name=seen.name):
            return screen.say(Phrase("Rien n'a été changé.", "Nothing was changed."))
    with writing(why) as (session, act):
        left = _leave(session, act, number)
    if as_json:
        return screen.give(
            {
                "member": left.member,
                "lines": left.partings,
                "lent": left.lent,
                "hosted": left.hosted,
                "mandates": left.mandates,
                "orders": [{"order": one.order, "line": one.line, "command": one.command} for one in left.orders],
            }
        )
    return _told(left)


def _told(left: Left) -> None:
    screen.say(
        Phrase(
            "{member} n'est plus membre. Ses lignes : {lines}. "
            "Les machines n'ont pas encore changé : essaim change plan",
            "{member} is no longer a member. Their lines: {lines}. "
            "The machines have not changed yet: essaim change plan",
        )
        if left.partings
        else Phrase(
            "{member} n'est plus membre. Sa fiche reste : essaim member show {member}",
            "{member} is no longer a member. Their file stays: essaim member show {member}",
        ),
        member=left.member,
        lines=left.partings,
    )
    for one in left.orders:
        screen.say(
            Phrase(
                "La commande {order} ({state}) de {line} reste ouverte chez l'opérateur. Y mettre fin : {command}",
                "Order {order} ({state}) of {line} stays open at the wholesaler. To end it: {command}",
            ),
            order=one.order,
            state=one.state,
            line=one.line,
            command=one.command,
        )
    if left.lent:
        screen.say(
            Phrase(
                "Encore chez cette personne : {lent}. Au retour : essaim equipment return {first}",
                "Still with them: {lent}. Once it is back: essaim equipment return {first}",
            ),
            lent=left.lent,
            first=left.lent[0],
        )
    if left.hosted:
        screen.say(
            Phrase(
                "Ses machines sont encore ici : {hosted}. Une fois partie : essaim device retire {first}",
                "Their machines are still here: {hosted}. Once it has gone: essaim device retire {first}",
            ),
            hosted=left.hosted,
            first=left.hosted[0],
        )


def _leave(session: Session, act: Act, number: str) -> Left:
    """It is done, to be kept or undone. Raises what `members.leave` raises."""
    from foundation import clock
    from inventory import devices, equipment, mandates, members

    one, day = members.find_member(session, number), clock.today(act.at)
    held = [str(each) for each in mandates.list_mandates(session, on=day, member=one, limit=1000)]
    partings = members.leave(session, act, one)
    return Left(
        member=str(one),
        name=one.name,
        partings=partings,
        mandates=held,
        lent=[str(loan.equipment) for loan in equipment.lent_to(session, one)],
        hosted=[device.name for device in devices.list_devices(session, owner=one)],
        orders=[order for parting in partings if parting.closed for order in _open_orders(session, parting.line)],
    )


def _open_orders(session: Session, number: str) -> Iterator[OpenOrder]:
    from inventory import lines, orders
    from inventory.models.wholesale import OrderKind, OrderState
    from inventory.ordering import ENDED, legal

    for one in orders.list_orders(session, line=lines.find_line(session, number), settled=True, limit=1000):
        kind, state = OrderKind(one.kind), OrderState(one.state)
        if state in ENDED or kind == OrderKind.TERMINATE:
            continue
        command = (
            f"essaim order move {one} --to cancelled"
            if OrderState.CANCELLED in legal(kind, state)
            else f"essaim order place {number} --kind terminate"
        )
        yield OpenOrder(str(one), number, state.phrase, command)

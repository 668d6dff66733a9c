"""What may be the matter at whoever sells us the line, told from the lines beside it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from foundation.speech import Phrase
from inventory.models.lines import Technology
from monitoring.connections import LastConnection
from monitoring.diagnosis.finding import Finding, Situation, Told
from monitoring.diagnosis.seen import CRUSHED_AFTER, Others, Seen

COPPER: Final = frozenset({Technology.ADSL, Technology.VDSL})


def wholesaler(seen: Seen) -> Finding | None:
    """Every line of the wholesaler that was up a day ago is down, this one too, and no box of it has come since."""
    if seen.wholesaler is None or seen.up or seen.bought.up or seen.bought.lost_since is None:
        return None
    if any(one.at > seen.bought.lost_since for one in seen.refusals):
        return None  # it came as far as RADIUS: the wholesaler brings it
    said = Phrase(
        "La panne est chez l'opérateur qui nous vend la ligne ({name}) : ses autres lignes sont coupées aussi.",
        "The fault is with the operator that sells us the line ({name}): its other lines are down too.",
    )
    facts = [
        Told(
            Phrase("autres lignes perdues : {count}, aucune en service", "other lines lost: {count}, none in service"),
            {"count": seen.bought.lost},
            at=seen.bought.lost_since,
            inside=True,
        )
    ]
    tries = (
        Told(
            Phrase(
                "Rien à faire chez vous : laissez la box branchée.", "Nothing to do at home: leave the box plugged in."
            )
        ),
        Told(
            Phrase(
                "Leur dire : essaim ticket open {line} ; aux membres : essaim incident open … --on wholesaler:{name}",
                "To tell them: essaim ticket open {line}; members: essaim incident open … --on wholesaler:{name}",
            ),
            {"line": seen.line, "name": seen.wholesaler},
            inside=True,
        ),
    )
    return Finding(Situation.WHOLESALER_DOWN, Told(said, {"name": seen.wholesaler}), tuple(facts), tries)


def crushed(seen: Seen) -> Finding | None:
    """A copper line vanished, with no order to end or move it, while its neighbours are well."""
    since = vanished(seen.last, seen)
    if since is None:
        return None
    said = Phrase(
        "La ligne de cuivre a disparu depuis {age}, sans qu'aucune résiliation ait été demandée : elle a peut-être été "
        "attribuée à quelqu'un d'autre par erreur (écrasement à tort).",
        "The copper line vanished {age} ago though nobody asked to end it: it may have been given to somebody else by "
        "mistake.",
    )
    facts = (
        Told(Phrase("dernière connexion perdue", "last connection lost"), at=since),
        _well(seen.bought),
        Told(Phrase("aucune commande de résiliation ni de migration", "no order to end it, no migration"), at=seen.at),
    )
    tries = (
        Told(
            Phrase(
                "Branchez un téléphone sur la prise : sans tonalité, ou si un autre numéro s'affiche, dites-le à "
                "l'association.",
                "Plug a telephone into the socket: without a tone, or where another number shows, tell the "
                "association.",
            )
        ),
        Told(
            Phrase(
                "Vérifiez quand même que la box est branchée et que son voyant DSL cherche.",
                "Check all the same that the box is plugged in and that its DSL light is searching.",
            )
        ),
        Told(
            Phrase(
                "Ouvrir un ticket pour écrasement à tort, avec le ND : essaim ticket open {line}",
                "To open a ticket for it, with the line's number: essaim ticket open {line}",
            ),
            {"line": seen.line},
            inside=True,
        ),
    )
    return Finding(Situation.CRUSHED, Told(said, {"age": seen.at - since}), facts, tries)


def vanished(last: LastConnection | None, seen: Seen) -> datetime | None:
    """Since when a copper line has been gone as one is that was given to somebody else; None where it is not.

    It was connected, has not been for `CRUSHED_AFTER`, nobody asked to end or to move it, its logins were not refused
    since, and other lines of the same wholesaler are well.
    """
    if seen.technology not in COPPER or seen.leaving or not seen.bought.up or last is None or last.until is None:
        return None
    if seen.at - last.until < CRUSHED_AFTER or any(one.at > last.until for one in seen.refusals):
        return None
    return last.until


def _well(others: Others) -> Told:
    return Told(
        Phrase(
            "{count} autres lignes du même opérateur vont bien", "{count} other lines of the same operator are well"
        ),
        {"count": others.up},
        inside=True,
    )

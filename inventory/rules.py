"""The association's rules: a closed list in code, each with its default; the association sets what it decides.

A rule more is one line in `RULES`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import journal
from foundation.acts import Act
from foundation.errors import Forbidden, Invalid, NotFound
from foundation.speech import Phrase
from inventory import rights
from inventory.models.mandates import Rule, Task
from inventory.rights import asks
from inventory.rule_values import LONGEST, Check, addresses, creditor, like, names, rates, services, whole


class NoSuchRule(NotFound):
    """No rule of that name."""

    kind = "no-such-rule"
    phrase = Phrase(
        "Pas de règle nommée « {rule} ». Il y a : {rules}.",
        "There is no rule named “{rule}”. There are: {rules}.",
    )


class BadRuleValue(Invalid):
    """A value that the rule cannot have."""

    kind = "bad-rule-value"
    phrase = Phrase(
        "{rule} ne peut pas valoir « {value} » : il faut {wanted}. Rien n'a été changé.",
        "{rule} cannot be “{value}”: it takes {wanted}. Nothing was changed.",
    )


class LowerByAnother(Forbidden):
    """A rule that watches over everyone is not loosened by one person."""

    kind = "lower-by-another"
    phrase = Phrase(
        "{actor} l'a déjà proposé : {rule} vaudra {value} quand quelqu'un d'autre dira de même, "
        "essaim rule set {rule} {value}. D'ici là elle vaut {held}.",
        "{actor} proposed it already: {rule} will be {value} once someone else says the same, "
        "essaim rule set {rule} {value}. Until then it is {held}.",
    )


@dataclass(frozen=True, slots=True)
class Known:
    """A rule that Essaim knows: its name, what it decides, its value until someone sets it, and what it may be.

    `lowered_by_two`: its number watches over what one person may do alone, so one person alone does not lower it.
    `raised_by_two`: likewise, where the higher number is the looser one.
    """

    name: str
    phrase: Phrase
    default: str
    check: Check
    lowered_by_two: bool = False
    raised_by_two: bool = False

    def loosened(self, before: str, after: str) -> bool:
        """Whether going from one value to the other lets one person do more alone."""
        down, up = self.lowered_by_two, self.raised_by_two
        return (down and int(after) < int(before)) or (up and int(after) > int(before))


@dataclass(frozen=True, slots=True)
class Standing:
    """A rule as it stands: its value, and the looser one that someone proposed and nobody else agreed to yet."""

    known: Known
    value: str
    proposed: str | None = None
    proposed_by: str | None = None


_HOST: Final = r"(?:(?!-)[a-z0-9-]{1,63}(?<!-)\.)+(?!-)[a-z0-9-]{1,63}(?<!-)"

RULES: Final[dict[str, Known]] = {
    one.name: one
    for one in (
        Known(
            "mandates.quorum",
            Phrase("personnes qu'il faut pour donner un mandat", "people it takes to give a mandate"),
            "1",
            whole(1, 2),
            lowered_by_two=True,
        ),
        Known(
            "mandates.notice_days",
            Phrase("jours avant sa fin où un mandat est signalé", "days before its end that a mandate is pointed out"),
            "60",
            whole(1, 365),
        ),
        Known(
            "changes.second",
            Phrase(
                "un changement est approuvé par quelqu'un d'autre que qui l'a proposé (1) ou non (0)",
                "a change is approved by someone other than who proposed it (1) or not (0)",
            ),
            "0",
            whole(0, 1),
            lowered_by_two=True,
        ),
        Known(
            "changes.alone",
            Phrase(
                "un changement qui n'ajoute que des lignes et ne coupe personne passe sans approbation (1) ou non (0)",
                "a change that only adds lines and cuts nobody passes without approval (1) or not (0)",
            ),
            "0",
            whole(0, 1),
            raised_by_two=True,
        ),
        Known(
            "changes.approval_hours",
            Phrase("heures pendant lesquelles une approbation vaut", "hours for which an approval counts"),
            "72",
            whole(1, 8760),
        ),
        Known("votes.proxies", Phrase("procurations par personne", "proxies a person may carry"), "2", whole(0, 50)),
        Known("emergency.minutes", Phrase("durée d'une urgence", "how long an emergency lasts"), "60", whole(5, 1440)),
        Known("place.country", Phrase("pays des membres", "country of the members"), "", like("[A-Z]{2}", "FR")),
        Known(
            "place.region",
            Phrase("région des membres", "region of the members"),
            "",
            like("[A-Z]{2}-[A-Z0-9]{1,3}", "FR-NAQ"),
        ),
        Known(
            "place.city",
            Phrase("ville des membres", "city of the members"),
            "",
            like("[^,#\\x00-\\x1f]{1,60}", "Bordeaux"),
        ),
        Known(
            "ripe.maintainer",
            Phrase("mainteneur des objets RIPE", "maintainer of the RIPE objects"),
            "",
            like("[A-Z][A-Z0-9_-]{1,79}", "ASSO-MNT"),
        ),
        Known(
            "ripe.contact",
            Phrase("contact des objets RIPE", "contact of the RIPE objects"),
            "",
            like("[A-Z0-9-]{2,30}", "ASSO1-RIPE"),
        ),
        Known(
            "ripe.country", Phrase("pays des objets RIPE", "country of the RIPE objects"), "", like("[A-Z]{2}", "FR")
        ),
        Known(
            "ripe.origin",
            Phrase("AS qui annonce nos préfixes", "AS that announces our prefixes"),
            "",
            like("[0-9]{1,10}", "64496"),
        ),
        Known(
            "dns.servers",
            Phrase("noms de nos serveurs DNS", "names of our DNS servers"),
            "",
            like(rf"(?=.{{1,{LONGEST}}}$){_HOST}(?: {_HOST}){{0,5}}", "ns1.asso.example ns2.asso.example"),
        ),
        Known(
            "dns.contact",
            Phrase("qui répond de nos zones DNS", "who answers for our DNS zones"),
            "",
            like(rf"(?=.{{1,{LONGEST}}}$)[a-z0-9][a-z0-9._+-]{{0,60}}@{_HOST}", "dns@asso.example"),
        ),
        Known(
            "dns.zone",
            Phrase("zone des noms de nos machines", "zone of our machines' names"),
            "",
            like(rf"(?=.{{1,{LONGEST}}}$){_HOST}", "reseau.asso.example"),
        ),
        Known(
            "dns.secondaries",
            Phrase("adresses des serveurs qui copient nos zones", "addresses of the servers that copy our zones"),
            "",
            addresses(4),
        ),
        Known(
            "dns.resolvers",
            Phrase("adresses des résolveurs que reçoivent les membres", "addresses of the resolvers that members get"),
            "",
            addresses(4),
        ),
        Known(
            "routing.rpki",
            Phrase("serveurs RPKI que nos routeurs interrogent", "RPKI servers that our routers ask"),
            "",
            services(2),
        ),
        Known(
            "carrier.machines",
            Phrase(
                "machines dont Essaim tient adresses, routes et débits",
                "machines whose addresses, routes and rates Essaim keeps",
            ),
            "",
            names(20),
        ),
        Known(
            "carrier.rates",
            Phrase(
                "débit des lignes par offre, reçu/envoyé en Mbit/s",
                "rate of lines by offer, received/sent in Mbit/s",
            ),
            "",
            rates(Decimal(10_000)),
        ),
        Known(
            "costs.public",
            Phrase(
                "la page /combien est ouverte à tout le monde (1) ou non (0)", "/combien is open to all (1) or not (0)"
            ),
            "0",
            whole(0, 1),
        ),
        Known(
            "debits.ics",
            Phrase("identifiant de créancier SEPA (ICS)", "SEPA creditor identifier (ICS)"),
            "",
            creditor(),
        ),
        Known(
            "debits.notice_days",
            Phrase(
                "jours avant un prélèvement où les membres sont prévenus",
                "days before a direct debit that members are told",
            ),
            "14",
            whole(1, 60),
        ),
        Known(
            "debits.most",
            Phrase(
                "euros au-delà desquels personne n'est prélevé sans en parler",
                "euros beyond which nobody is debited without a word",
            ),
            "500",
            whole(1, 10_000),
        ),
        Known(
            "payments.account",
            Phrase(
                "compte où les membres paient (rien : le premier)", "account that members pay to (nothing: the first)"
            ),
            "",
            like(r"[^\x00-\x1f]{1,32}", "courant"),
        ),
        Known(
            "reminders.gentle_days",
            Phrase("jours après un dû : premier rappel, doux", "days after a due: the first reminder, gentle"),
            "15",
            whole(7, 365),
        ),
        Known(
            "reminders.plain_days",
            Phrase("jours après un dû : deuxième rappel, simple", "days after a due: the second reminder, plain"),
            "40",
            whole(7, 730),
        ),
        Known(
            "reminders.firm_days",
            Phrase("jours après un dû : dernier rappel, ferme", "days after a due: the last reminder, firm"),
            "75",
            whole(7, 1095),
        ),
        Known(
            "receipts.rescrit",
            Phrase(
                "référence du rescrit qui permet des reçus fiscaux pour les dons (rien : aucun reçu fiscal)",
                "reference of the rescrit that allows tax receipts for gifts (nothing: no tax receipt)",
            ),
            "",
            like(r"[^\x00-\x1f]{4,200}", "2026/1234 du 5 mars 2026, DDFiP 33"),
        ),
        Known(
            "receipts.address",
            Phrase("adresse de l'association sur ses reçus", "the association's address on its receipts"),
            "",
            like(r"[^\x00-\x1f]{5,200}", "12 rue des Ruches, 33000 Bordeaux"),
        ),
        Known(
            "receipts.object",
            Phrase("objet de l'association sur ses reçus fiscaux", "the association's object on its tax receipts"),
            "",
            like(r"[^\x00-\x1f]{5,200}", "promouvoir un Internet libre et neutre"),
        ),
    )
}
"""Every rule, by its name."""


def value(session: Session, name: str) -> str:
    """What the association decided, or the rule's default. Raises NoSuchRule."""
    known = find_rule(name)
    held = session.get(Rule, known.name)
    return known.default if held is None else held.value


def number(session: Session, name: str) -> int:
    """The value of a rule that is a number. Raises NoSuchRule."""
    return int(value(session, name))


def find_rule(name: str) -> Known:
    """The rule of that name. Raises NoSuchRule."""
    known = RULES.get(name.strip())
    if known is None:
        raise NoSuchRule(rule=name[:40], rules=sorted(RULES))
    return known


def list_rules(session: Session) -> list[Standing]:
    """Every rule by its name, as it stands."""
    held = {one.name: one for one in session.scalars(select(Rule))}
    return [_standing(known, held.get(name)) for name, known in sorted(RULES.items())]


@asks(Task.RULES_SET)
def set_rule(session: Session, act: Act, name: str, value: str) -> Standing:
    """From now on the rule has this value; a looser one of a rule that takes two waits until someone else sets it too.

    Whatever is set otherwise meanwhile takes the place of what waits. Raises NoSuchRule, BadRuleValue, LowerByAnother.
    """
    known, plain = find_rule(name), value.strip()
    if not known.check.fits(plain):
        raise BadRuleValue(rule=known.name, value=plain[:40], wanted=known.check.wanted)
    # On PostgreSQL two may come at once; SQLite has one writer.
    held = session.get(Rule, known.name, with_for_update=True, populate_existing=True)
    before = _standing(known, held)
    if held is None:
        held = Rule(name=known.name, value=known.default)
        session.add(held)
    if _waits(session, act, before, plain):
        held.proposed, held.proposed_by = plain, act.actor
        journal.record(session, act, "rule.propose", known.name, before=before.value, after=plain)
    else:
        by = before.proposed_by if plain == before.proposed else None
        held.value, held.proposed, held.proposed_by = plain, None, None
        journal.record(session, act, "rule.set", known.name, before=before.value, after=plain, proposed_by=by)
    session.flush()
    return _standing(known, held)


def _standing(known: Known, held: Rule | None) -> Standing:
    if held is None:
        return Standing(known, known.default)
    return Standing(known, held.value, held.proposed, held.proposed_by)


def _waits(session: Session, act: Act, before: Standing, value: str) -> bool:
    """Whether a value waits for someone else. At the founding nobody else could be. Raises LowerByAnother."""
    known = before.known
    if not known.loosened(before.value, value) or not rights.ever_mandated(session):
        return False
    if value != before.proposed or before.proposed_by is None:
        return True
    if before.proposed_by in rights.files_of(session, act.actor):
        raise LowerByAnother(actor=act.actor, rule=known.name, value=value, held=before.value)
    # Whoever proposed and no longer decides counts no more.
    then = replace(act, actor=before.proposed_by, emergency=False, within=None)
    return not rights.may(session, then, Task.RULES_SET)

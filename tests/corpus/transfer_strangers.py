"""Money that no member owes: grants, payouts, refunds, interests, gifts of strangers, mistakes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import transfer_words as words
from transfer_facts import Draw, account_number, bare, creditor_reference, reference
from transfer_labels import Printed, printed
from transfer_people import BANKS, Account, Payer


@dataclass(frozen=True, slots=True)
class Stranger:
    """One transfer that is no member's payment."""

    day: date
    cents: int
    printed: Printed
    situation: str


MONTHLY = (
    ("a platform's payout", 200), ("card terminal", 130), ("grant", 60), ("supplier's refund", 120),
    ("gift of a stranger", 480), ("monthly gift of a stranger", 320), ("from our own savings", 80),
    ("cash and cheques", 250), ("another association", 90), ("returned to us", 35), ("mistaken", 35),
)  # fmt: skip
"""How many of each come in a hundred months."""


class Strangers:
    """Those who are no members, month by month; the same ones come again."""

    def __init__(self, seed: int, payers: Mapping[int, Payer]) -> None:
        self._draw = Draw(seed, "strangers")
        self._payers = payers
        self._bodies = {
            name: self._account(name)
            for name in (
                "HELLOASSO", "PAYTPE EUROPE", "OPERATEUR DE COLLECTE SA", "ELECTRICITE DU VAL", "DRFIP SUBVENTIONS",
                "FONDATION POUR UN NET LIBRE", "VILLE DE BELLERIVE", "RESEAU VOISIN", "FEDERATION DES FAI",
                "NOUS MEMES", "MAISON DES ASSOCIATIONS",
            )
        }  # fmt: skip
        self._givers = [self._someone() for _ in range(9)]

    def month(self, first: date, percent: int) -> Iterator[Stranger]:
        """What comes in the month that begins that day; `percent` of what comes to an association of 600."""
        for situation, rate in MONTHLY:
            whole, rest = divmod(rate * percent, 10_000)
            count = whole + (self._draw.below(10_000) < rest)
            for rank in range(count):
                yield self._one(first + timedelta(days=self._draw.below(28)), situation, rank)
        if first.month in (1, 4, 7, 10):
            said = "INTERETS CREDITEURS" if first.month > 1 else f"INTERETS LIVRET {first.year - 1}"
            yield Stranger(first, self._draw.between(40, 4000), Printed(said, "", None, None), "interest")

    def _account(self, name: str) -> Account:
        return Account(account_number(self._draw), name, self._draw.weighted(*BANKS), 140)

    def _someone(self) -> Account:
        draw = self._draw
        surname = draw.one(words.SURNAMES)
        if draw.chance(25):  # of the same name as a member, who it is not
            surname = draw.one(tuple(self._payers.values())).person.name.split()[-1]
        given = draw.one((words.FEMININE, words.MASCULINE)[draw.below(2)])
        name = draw.one((f"{given} {surname}", f"{surname} {given}", f"M OU MME {surname} {given}", f"MME {surname}"))
        return self._account(bare(name).upper())

    def _one(self, day: date, situation: str, rank: int) -> Stranger:
        cents, typed, account = {
            "a platform's payout": self._payout, "card terminal": self._terminal, "grant": self._grant,
            "supplier's refund": self._refund, "gift of a stranger": self._gift, "from our own savings": self._savings,
            "another association": self._neighbour, "returned to us": self._returned, "mistaken": self._mistaken,
            "cash and cheques": self._counter, "monthly gift of a stranger": self._monthly,
        }[situation](day, rank)  # fmt: skip
        if account is None:
            return Stranger(day, cents, Printed(typed, "", None, None), situation)
        instant = situation.startswith("gift") and self._draw.chance(25)
        return Stranger(day, cents, printed(self._draw, account, typed, day, instant, ""), situation)

    def _payout(self, day: date, rank: int) -> tuple[int, str, Account]:
        number = self._draw.between(100_000, 999_999)
        typed = self._draw.one((f"VERSEMENT HELLOASSO {number}", f"HELLOASSO {day:%Y-%m} COTISATIONS", f"HA {number}"))
        return sum(self._draw.one((1000, 1500, 2000, 2500)) for _ in range(1 + self._draw.below(9))), typed, \
            self._bodies["HELLOASSO"]  # fmt: skip

    def _terminal(self, day: date, rank: int) -> tuple[int, str, Account]:
        typed = f"REMISE CB {day:%d%m%y} CONTRAT {self._draw.between(1000000, 9999999)}"
        return self._draw.between(600, 19_000), typed, self._bodies["PAYTPE EUROPE"]

    def _grant(self, day: date, rank: int) -> tuple[int, str, Account]:
        body = self._draw.one(("DRFIP SUBVENTIONS", "FONDATION POUR UN NET LIBRE", "VILLE DE BELLERIVE"))
        theirs = creditor_reference(f"SUB{day.year}{self._draw.between(100, 999)}")
        typed = self._draw.one((f"SUBVENTION {day.year}", f"CONVENTION {day.year}-{rank} {theirs}", "FDVA", theirs))
        return self._draw.between(5, 60) * 10_000, typed, self._bodies[body]

    def _refund(self, day: date, rank: int) -> tuple[int, str, Account]:
        body = self._draw.one(("OPERATEUR DE COLLECTE SA", "ELECTRICITE DU VAL"))
        number = self._draw.between(10_000, 99_999)
        typed = self._draw.one(
            (f"AVOIR {number} LIGNE ADSL", f"REMB TROP PERCU {number}", f"AVOIR F{day:%Y%m}{number}")
        )
        return self._draw.one((2800, 3500, self._draw.between(500, 30_000))), typed, self._bodies[body]

    def _gift(self, day: date, rank: int) -> tuple[int, str, Account]:
        typed = self._draw.one(
            ("don", "Don", "soutien au FAI", "don libre", "DON ponctuel", "pour vous aider", "", "bravo")
        )
        return self._draw.one((500, 1000, 1000, 2000, 3000, 5000, 10_000)), typed, self._someone()

    def _monthly(self, day: date, rank: int) -> tuple[int, str, Account]:
        giver = (rank * 7 + day.year * 12 + day.month) // 5 % len(self._givers)
        return (300, 500, 1000)[giver % 3], ("don mensuel", "soutien", "DON")[giver % 3], self._givers[giver]

    def _savings(self, day: date, rank: int) -> tuple[int, str, Account]:
        return self._draw.between(1, 20) * 10_000, "VIR DU LIVRET", self._bodies["NOUS MEMES"]

    def _counter(self, day: date, rank: int) -> tuple[int, str, None]:
        if self._draw.chance(70):
            count = self._draw.between(1, 6)
            typed = f"REMISE CHEQUES {self._draw.between(1000000, 9999999)} {count} CHQ"
            return sum(self._draw.one((1500, 2000, 3000, 600)) for _ in range(count)), typed, None
        return self._draw.between(2, 40) * 500, f"VERSEMENT ESPECES {day:%d/%m}", None

    def _neighbour(self, day: date, rank: int) -> tuple[int, str, Account]:
        theirs = reference(self._draw.between(4000, 9000))  # a member of theirs: nobody has such a number here
        typed = self._draw.one((f"PARTAGE TRANSIT T{day.month // 4 + 1}", f"FACTURE {day.year}-{rank:03d}", theirs,
                                "REMB TRAIN AG", f"QUOTE-PART RACK {day:%m/%Y}"))  # fmt: skip
        body = self._draw.one(("RESEAU VOISIN", "FEDERATION DES FAI", "MAISON DES ASSOCIATIONS"))
        return self._draw.between(2000, 40_000), typed, self._bodies[body]

    def _returned(self, day: date, rank: int) -> tuple[int, str, None]:
        name = bare(self._draw.one(tuple(self._payers.values())).person.name).upper()
        typed = self._draw.one((f"VIR SEPA REJETE {name} COMPTE CLOTURE", f"RETOUR VIR EMIS {name} AC04",
                                f"ANNULATION VIREMENT EMIS BENEF {name}"))  # fmt: skip
        return self._draw.one((5000, 6000, 4000, 1000)), typed, None

    def _mistaken(self, day: date, rank: int) -> tuple[int, str, Account]:
        typed = self._draw.one(("LOYER", "Loyer appartement", "garde d'enfant", "cadeau Mamie", "remb resto"))
        return self._draw.between(5, 90) * 1000, typed, self._someone()

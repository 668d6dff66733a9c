"""Who the members of the made association are, and from which accounts, in whose name, their money comes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import transfer_words as words
from transfer_facts import Draw, Person, account_number, bare

BEGINNING = date(2025, 1, 1)
Habit = Literal["always", "sometimes", "never"]
BANKS = (
    ("barre", 19), ("faveur", 13), ("numero", 13), ("mutuel", 11), ("poste", 10), ("court", 7), ("bref", 6),
    ("instantane", 8), ("neo", 11), ("lignes", 9),
)  # fmt: skip
"""How often an account's transfers reach us in the manner of which bank: transfer_labels says what that is."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Someone as their bank knows them."""

    title: str
    given: str
    surname: str


@dataclass(frozen=True, slots=True)
class Account:
    """A bank account: in whose name, and how its transfers reach us."""

    iban: str
    holder: str
    bank: str
    motif_limit: int


@dataclass(frozen=True, slots=True)
class Purse:
    """Who pays: accounts, the members in whose name they are, and the manner of whoever types the transfer."""

    accounts: tuple[Account, ...]
    owners: tuple[int, ...]
    relation: str
    habit: Habit
    manner: str


@dataclass(slots=True)
class Payer:
    """A member with who pays for them, how often, since when they are there, and who is paid with them."""

    person: Person
    purses: tuple[tuple[Purse, int], ...]
    joined: date
    left: date | None
    together: tuple[int, ...] = ()
    flat: int | None = None
    trait: str = ""


def association(seed: int, count: int) -> dict[int, Payer]:
    """The members of the association, by their numbers."""
    draw = Draw(seed, "people")
    numbers = _numbers(draw, count)
    early = count * 68 // 100
    joined = {number: _joining(draw, rank, early, count) for rank, number in enumerate(sorted(numbers))}
    payers: dict[int, Payer] = {}
    twins = iter((Identity("MME", "Marie", "Martin"),) * 2)
    homes = 0
    while numbers:
        homes += 1
        for payer in _home(draw, numbers, joined, twins, homes):
            payers[payer.person.number] = payer
    return dict(sorted(payers.items()))


def _numbers(draw: Draw, count: int) -> list[int]:
    number, numbers = 0, []
    for _ in range(count):
        number += draw.weighted((1, 70), (2, 20), (3, 7), (5, 3))  # those who left keep theirs
        numbers.append(number)
    return draw.shuffled(numbers)


def _joining(draw: Draw, rank: int, early: int, count: int) -> date:
    if rank < early:
        return BEGINNING - timedelta(days=1 + (early - rank) * 7)
    return BEGINNING + timedelta(days=(rank - early) * 660 // max(1, count - early))


def _home(
    draw: Draw, numbers: list[int], joined: dict[int, date], twins: Iterator[Identity], rank: int
) -> Iterator[Payer]:
    twin = next(twins, None)
    sort = "single" if twin else draw.weighted(
        ("single", 61), ("organisation", 6), ("couple", 9), ("half a couple", 7), ("one's account", 5),
        ("child of a stranger", 5), ("parent and child", 4), ("flat", 3), ("employer", 2),
    )  # fmt: skip
    size = {"couple": 2, "one's account": 2, "parent and child": 2, "flat": draw.between(2, 4)}.get(sort, 1)
    if twin:  # both are there from the beginning
        numbers.sort(key=lambda one: joined[one] < BEGINNING)
    taken = [numbers.pop() for _ in range(min(size, len(numbers)))]
    if len(taken) < size:
        sort = "single"
    left = {
        one: joined[one] + timedelta(days=draw.between(400, 900)) if draw.chance(7) and not twin else None
        for one in taken
    }
    if sort == "organisation":
        yield _organisation(draw, taken[0], joined[taken[0]], left[taken[0]])
        return
    surname = _surname(draw)
    whos = []
    for place in range(len(taken)):
        other = sort == "flat" or (size == 2 and draw.chance(35))
        whos.append(twin or _identity(draw, _surname(draw) if place and other else surname))
    known = [_known(draw, who) for who in whos]
    purses, together = _purses(draw, sort, taken, [bank for _, _, bank, _ in known], [name for name, *_ in known])
    for place, number in enumerate(taken):
        name, uses, _, trait = known[place]
        own = [one for one, _ in purses[place] if one.owners == (number,)]
        yield Payer(
            Person(number, name, _email(draw, name, uses), "person", _told(draw, own), uses, _former(draw, number)),
            tuple(purses[place]),
            joined[number],
            left[number],
            tuple(one for one in taken if one != number) if together else (),
            rank if sort == "flat" else None,
            "homonym" if twin else trait,
        )


def _identity(draw: Draw, surname: str) -> Identity:
    sort = draw.weighted(("MME", 42), ("M", 50), ("", 8))
    given = draw.one({"MME": words.FEMININE, "M": words.MASCULINE}.get(sort, words.EITHER))
    return Identity(sort or draw.one(("M", "MME")), given, surname)


def _surname(draw: Draw) -> str:
    if draw.chance(2):
        return "Martin"
    return draw.one(draw.weighted((words.COMMON, 16), (words.SURNAMES, 75), (words.PARTICLES, 9)))


def _known(draw: Draw, who: Identity) -> tuple[str, str, Identity, str]:
    """The name and the second name in the register, who the bank holds them for, and what is special in it."""
    given, surname, uses, bank, trait = who.given, who.surname, "", who, ""
    chance = draw.below(100)
    twin = (given, surname) == ("Marie", "Martin")
    if twin:
        pass
    elif chance < 3:  # the bank has the civil given name
        other = words.MASCULINE if who.title == "MME" else words.FEMININE
        bank, trait = Identity("M" if who.title == "MME" else "MME", draw.one(other), surname), "usual given name"
    elif chance < 8 and who.title == "MME":  # the bank has the name of marriage, or that of birth
        bank, trait = Identity("MME", given, _surname(draw)), "another surname at the bank"
        uses = f"{given} {bank.surname}" if draw.chance(50) else ""
    elif chance < 11:
        surname = f"{surname}-{draw.one(words.SURNAMES)}"
    elif chance < 15:
        bank = Identity(who.title, f"{given} {draw.one(words.EITHER)}", surname)
    elif chance < 22:
        uses = draw.one(words.NICKNAMES)
    name = f"{surname.upper()} {given}" if draw.chance(4) and not twin else f"{given} {surname}"
    return name, uses, bank, trait


def _email(draw: Draw, name: str, uses: str) -> str:
    given, *rest = bare(name).lower().replace("'", "").split()
    last = "".join(rest)
    local = draw.weighted((f"{given}.{last}", 50), (f"{given[0]}{last}", 20), (last, 10), ((uses or given).lower(), 20))
    return f"{local.replace(' ', '.')}@{draw.one(('courriel', 'boite', 'poste', last or 'asso'))}.example"


def _former(draw: Draw, number: int) -> int | None:
    return draw.between(1, 400) if number < 260 and draw.chance(55) else None


def _told(draw: Draw, own: list[Purse]) -> tuple[str, ...]:
    if not own or not draw.chance(12):
        return ()
    return tuple(one.iban for one in own[0].accounts[: 2 if draw.chance(30) else 1])


def _purses(
    draw: Draw, sort: str, taken: list[int], banks: list[Identity], names: list[str]
) -> tuple[list[list[tuple[Purse, int]]], bool]:
    """For each of the home's members: who pays, with weights; and whether one transfer may pay for all of them."""
    own = [_purse(draw, [_holder(draw, bank)], (number,), "self") for bank, number in zip(banks, taken, strict=True)]
    alone = [[(one, 100)] for one in own]
    stranger = _identity(draw, banks[0].surname if draw.chance(35) else _surname(draw))
    if sort == "couple":
        joint = _purse(draw, [_joint(draw, banks[0], banks[1])], tuple(taken), "joint")
        return [[(joint, 100)], [(joint, 70), (own[1], 30)]], draw.chance(75)
    if sort == "half a couple":
        pair = draw.shuffled((banks[0], stranger))
        return [[(_purse(draw, [_joint(draw, pair[0], pair[1])], tuple(taken), "joint"), 100)]], False
    if sort == "one's account":
        return [[(own[0], 100)], [(own[0], 70), (own[1], 30)]], draw.chance(60)
    if sort == "parent and child":
        return [[(own[0], 100)], [(own[0], 80), (own[1], 20)]], draw.chance(35)
    if sort == "child of a stranger":
        return [[(_purse(draw, [_holder(draw, stranger)], (), "parent"), 85), (own[0], 15)]], False
    if sort == "employer":
        return [[(_purse(draw, [_group(draw)[2]], (), "employer"), 80), (own[0], 20)]], False
    if sort == "flat" and draw.chance(40):
        return [[(own[0], 100)], *([(own[0], 85), (one, 15)] for one in own[1:])], True
    return alone, False


def _purse(draw: Draw, holders: list[str], owners: tuple[int, ...], relation: str) -> Purse:
    accounts = []
    for _ in range(draw.weighted((1, 82), (2, 15), (3, 3))):
        bank = draw.weighted(*BANKS)
        holder = holders[0] if bank == "neo" else _as_banks_write(draw, holders[0])
        limit = draw.weighted((140, 50), (70, 15), (35, 23), (31, 12))
        accounts.append(Account(account_number(draw), holder, bank, limit))
    chance = draw.dealt(relation)
    habit: Habit = "always" if chance < 32 else "sometimes" if chance < 62 else "never"
    manner = draw.weighted(
        ("precise", 26), ("short", 24), ("vague", 16), ("chatty", 9), ("default", 13), ("named", 12)
    )  # fmt: skip
    return Purse(tuple(accounts), owners, relation, habit, manner)


def _as_banks_write(draw: Draw, holder: str) -> str:
    holder = bare(holder).upper()
    if draw.chance(60):
        holder = holder.replace("-", " ")
    return holder.replace("'", draw.one((" ", "'", "")))


def _holder(draw: Draw, who: Identity) -> str:
    title = {"M": draw.one(("M", "M", "M.", "MR")), "MME": draw.weighted(("MME", 90), ("MLLE", 10))}[who.title]
    return draw.weighted(
        (f"{title} {who.surname} {who.given}", 36),
        (f"{title} {who.given} {who.surname}", 22),
        (f"{who.surname} {who.given}", 18),
        (f"{who.given} {who.surname}", 13),
        (f"{title} {who.surname} {who.given[0]}", 9),
        (f"{title} {who.surname}", 2),
    )


def _joint(draw: Draw, one: Identity, other: Identity) -> str:
    if one.surname != other.surname and draw.chance(60):
        first, second = one.surname, other.surname
        return f"{one.title} {first} {one.given[0]} OU {other.title} {second} {other.given[0]}"
    return draw.weighted(
        (f"M OU MME {one.surname} {one.given}", 40),
        (f"M OU MME {one.surname}", 20),
        (f"M ET MME {one.given} {one.surname}", 15),
        (f"MR OU MME {one.given} {one.surname}", 15),
        (f"{one.surname} {one.given} ET {other.given}", 10),
    )


def _group(draw: Draw) -> tuple[str, str, str]:
    """An organisation's name, its short name, and the name that its bank shows."""
    name = f"{draw.one(words.GROUPS)} {draw.one(words.GROUND)}"
    short = "".join(word[0] for word in bare(name).replace("'", " ").split() if word[0].isupper() or word[0] == "'")
    bank = name
    if draw.chance(40):
        bank = bank.replace("Association", "Asso").replace("Société Coopérative", "Scop").replace("Syndicat", "Synd")
    if draw.chance(55):
        bank = bank[: draw.one((24, 27, 31, 32))].rstrip()
    return name, short if draw.chance(60) else "", bank


def _organisation(draw: Draw, number: int, joined: date, left: date | None) -> Payer:
    name, short, bank = _group(draw)
    purse = _purse(draw, [bank], (number,), "self")
    email = f"{draw.one(('contact', 'compta', 'bureau'))}@{(short or 'asso').lower()}{number}.example"
    told = _told(draw, [purse])
    person = Person(number, name, email, "organisation", told, short, _former(draw, number))
    return Payer(person, ((purse, 100),), joined, left, trait="organisation")

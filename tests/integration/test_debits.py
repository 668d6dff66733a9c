"""Direct debits: mandates, collections, the file for the bank, and what the bank says of it."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from xml.etree import ElementTree

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from billing.balance import balance
from billing.bank import accounts as bank
from billing.bank import inbox
from billing.debit import collections as debit_collections
from billing.debit import files as debit_files
from billing.debit import items as debits
from billing.debit import mandates as debit_mandates
from billing.debit.collections import (
    AlreadyWritten,
    BadCollectionDay,
    NobodyToCollect,
    NoSuchCollection,
    TooLateToAnnounce,
    Why,
)
from billing.debit.files import (
    NotAnnounced,
    NothingToWrite,
    NotReadyToWrite,
    TooLateToWrite,
    UnknownVersion,
    Version,
    Written,
)
from billing.debit.items import NoSuchItem, NotOfACollection, NotReturnable, UnknownReason
from billing.debit.mandates import BadDebitMandate, DebitMandateEnded, DebitMandateTaken, NoSuchDebitMandate, RumTaken
from billing.dues import charge
from billing.models import (
    BankEntry,
    BankFile,
    Collection,
    CollectionItem,
    DebitMandate,
    ItemState,
    Means,
    Payment,
    SequenceType,
)
from billing.payments import record_payment
from billing.reminding.reminders import give_time
from billing.statements.accounts import iban_of_rib
from desk import debiting, merging
from foundation.acts import Act
from foundation.database import Store, reading, transaction
from foundation.money import Euros
from foundation.settings import Settings
from inventory import members, rules
from inventory.models.people import Member

NOW = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)
ACT = Act("machine:test", NOW, "test")
TODAY, DAY = date(2026, 11, 22), date(2026, 12, 15)
OURS = iban_of_rib("99999", "00001", "00000000001")
ICS = "FR72ZZZ123456"


def iban(rank: int) -> str:
    return iban_of_rib("99999", "00042", f"{rank:011d}")


def nobody(member: Member) -> bool:
    del member
    return False


def later(days: int) -> Act:
    return replace(ACT, at=NOW + timedelta(days=days))


def ready(session: Session, bic: str = "AGRIFRPPXXX") -> None:
    rules.set_rule(session, ACT, "debits.ics", ICS)
    bank.add_account(session, ACT, "courant", OURS, bic=bic, holder="Les Abeilles")


def someone(session: Session, rank: int, cents: int = 1500, name: str = "Ada Exemple", email: str = "") -> Member:
    """A member with a mandate who owes so much."""
    address = email or f"ada{rank}@abeilles.example"
    member = members.add_member(session, ACT, name, email=address)
    debit_mandates.sign(session, ACT, member, iban(rank), signed=date(2026, 11, 1))
    if cents:
        charge(session, ACT, member, Euros(cents), "visite")
    return member


def collect(session: Session, day: date = DAY, act: Act = ACT, **more: object) -> Collection:
    return debit_collections.collect(session, act, day, nobody, **more)  # type: ignore[arg-type]


def announced(session: Session, collection: Collection, act: Act = ACT) -> Collection:
    told = [str(one.mandate.member) for one in collection.items]
    debit_collections.note_announced(session, act, collection, told)
    return collection


def write(session: Session, collection: Collection, act: Act = ACT, version: Version = Version.V08) -> Written:
    return debit_files.write(session, act, collection, "Les Abeilles", version)


def sent(session: Session, *amounts: int) -> Collection:
    """A collection of so many members that was handed to the bank."""
    ready(session)
    for rank, cents in enumerate(amounts, 1):
        someone(session, rank, cents)
    collection = announced(session, collect(session))
    write(session, collection)
    return debit_collections.find_collection(session, str(collection))


def entry(session: Session, cents: int, *, label: str = "PRLV", end_to_end: str = "", day: date = DAY) -> BankEntry:
    account = bank.find_account(session, "courant")
    file = BankFile(account_id=account.id, name="releve", digest=bytes(32), read_at=NOW)
    session.add(file)
    session.flush()
    number = (session.scalar(select(func.max(BankEntry.number))) or 0) + 1
    made = BankEntry(
        number=number, account_id=account.id, file_id=file.id, key=str(number), day=day, cents=Euros(cents),
        label=label, payer="", payer_account="", payer_email="", end_to_end=end_to_end, reference="",
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


AFTER = later(30)


# Mandates


def test_a_mandate_is_signed_and_its_iban_is_nowhere_to_be_read(store: Store) -> None:
    with transaction(store) as session:
        member = members.add_member(session, ACT, "Ada")
        made = debit_mandates.sign(session, ACT, member, iban(1), signed=TODAY, bic="AGRIFRPPXXX")
        assert (made.rum, made.holder, made.last_four) == ("M0001-1", "Ada", iban(1)[-4:])
    with reading(store) as session:
        tables = ("debit_mandate", "journal", "journal_payload")
        kept = "".join(str(row) for table in tables for row in session.execute(text(f"SELECT * FROM {table}")))
        assert iban(1) not in kept
        assert iban(1)[4:23] not in kept
        assert debit_mandates.on_account(session, iban(1)) == [debit_mandates.find_mandate(session, "m0001-1")]
        assert debit_mandates.on_account(session, iban(2)) == []
        assert "debit.sign" in kept


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"iban": "FR7630006000011234567890180"}, "IBAN"),
        ({"iban": ""}, "IBAN"),
        ({"iban": "BR1500000000000010932840814P2"}, "SEPA"),
        ({"bic": "AGRI"}, "BIC"),
        ({"rum": "RUM/"}, "RUM"),
        ({"rum": "A//B"}, "RUM"),
        ({"rum": "né"}, "RUM"),
        ({"rum": "R" * 36}, "RUM"),
        ({"holder": "Ольга"}, "latines"),
        ({"holder": "A" * 71}, "latines"),
        ({"holder": "A\x07da"}, "latines"),
        ({"signed": TODAY + timedelta(days=1)}, "aujourd'hui"),
        ({"signed": date(2023, 11, 22)}, "36 mois"),
    ],
)
def test_a_mandate_that_no_bank_takes_is_refused(session: Session, change: dict[str, object], word: str) -> None:
    member = members.add_member(session, ACT, "Ada")
    told: dict[str, object] = {"iban": iban(1), "signed": TODAY, **change}
    number = str(told.pop("iban"))
    with pytest.raises(BadDebitMandate) as refused:
        debit_mandates.sign(session, ACT, member, number, **told)  # type: ignore[arg-type]
    assert word in refused.value.sentence("fr")
    assert session.scalar(select(func.count(DebitMandate.id))) == 0


def test_one_has_one_mandate_at_a_time_and_a_reference_is_never_used_again(session: Session) -> None:
    ada, bea = (members.add_member(session, ACT, name) for name in ("Ada", "Béa"))
    first = debit_mandates.sign(session, ACT, ada, iban(1), signed=TODAY, rum="ABEILLE-1")
    with pytest.raises(DebitMandateTaken):
        debit_mandates.sign(session, ACT, ada, iban(2), signed=TODAY)
    with pytest.raises(RumTaken):
        debit_mandates.sign(session, ACT, bea, iban(2), signed=TODAY, rum="abeille-1")
    debit_mandates.end(session, ACT, first)
    with pytest.raises(DebitMandateEnded):
        debit_mandates.end(session, ACT, first)
    with pytest.raises(RumTaken):
        debit_mandates.sign(session, ACT, ada, iban(2), signed=TODAY, rum="ABEILLE-1")
    assert debit_mandates.sign(session, ACT, ada, iban(2), signed=TODAY).rum == "M0001-1"
    with pytest.raises(NoSuchDebitMandate):
        debit_mandates.find_mandate(session, "M0009-1")


def test_a_mandate_lapses_36_months_after_it_last_served(session: Session) -> None:
    one = debit_mandates.mandate_of(session, someone(session, 1))
    assert one is not None
    assert debit_mandates.lapses(one) == date(2029, 11, 1)
    assert not debit_mandates.lapsed(one, date(2029, 10, 31))
    assert debit_mandates.lapsed(one, date(2029, 11, 1))
    one.last_collected = date(2028, 2, 29)
    assert debit_mandates.lapses(one) == date(2031, 2, 28)
    assert debit_mandates.list_mandates(session, lapsing=date(2031, 2, 27)) == []
    assert debit_mandates.list_mandates(session, lapsing=date(2031, 2, 28)) == [one]


def test_two_files_that_become_one_keep_one_mandate(session: Session) -> None:
    absorbed, into = someone(session, 1), someone(session, 2)
    kept = debit_mandates.mandate_of(session, into)
    merging.merge(session, ACT, absorbed, into)
    assert debit_mandates.mandate_of(session, into) == kept
    mine = debit_mandates.list_mandates(session, member=into)
    assert [(one.rum, one.ended is None) for one in mine] == [("M0001-1", False), ("M0002-1", True)]


# Collections


def test_a_collection_asks_each_who_owes_and_says_why_it_leaves_the_others(session: Session) -> None:
    ready(session)
    ada, _, rich, slow, waits = (
        someone(session, rank, cents) for rank, cents in enumerate((1500, 0, 60_000, 10, 20), 1)
    )
    members.add_member(session, ACT, "Sans mandat")
    give_time(session, ACT, slow, TODAY + timedelta(days=60))
    found = debit_collections.foresee(session, TODAY, DAY, lambda one: one.id == waits.id)
    assert [(one.member, one.cents, one.sequence) for one in found.asked] == [(ada, 1500, SequenceType.FIRST)]
    whys = {str(one.member): one.why for one in found.left}
    assert whys == {"M0002": Why.NOTHING, str(rich): Why.TOO_MUCH, str(slow): Why.TIME, str(waits): Why.TRANSFER}
    assert session.scalar(select(func.count(Collection.id))) == 0


@pytest.mark.parametrize(
    ("day", "first"),
    [
        (date(2026, 12, 4), date(2026, 12, 7)),  # 13 days ahead; the 14th is a Sunday
        (date(2026, 12, 12), date(2026, 12, 14)),  # a Saturday
        (date(2026, 12, 25), date(2026, 12, 28)),
        (date(2027, 3, 26), date(2027, 3, 30)),  # Good Friday, then Easter Monday
    ],
)
def test_nobody_is_debited_when_banks_rest_or_before_they_can_be_told(session: Session, day: date, first: date) -> None:
    someone(session, 1)
    with pytest.raises(BadCollectionDay) as refused:
        collect(session, day)
    assert refused.value.facts["first"] == first


def test_a_lapsed_mandate_is_not_collected(session: Session) -> None:
    member = someone(session, 1)
    one = debit_mandates.mandate_of(session, member)
    assert one is not None
    one.signed, one.last_collected = date(2020, 1, 1), date(2023, 12, 15)
    session.flush()
    found = debit_collections.foresee(session, TODAY, DAY, nobody)
    assert [each.why for each in found.left] == [Why.LAPSED]
    with pytest.raises(NobodyToCollect):
        collect(session)
    assert debit_collections.foresee(session, TODAY, date(2026, 12, 14), nobody).asked


def test_what_is_asked_once_is_not_asked_again(session: Session) -> None:
    someone(session, 1)
    collect(session)
    with pytest.raises(NobodyToCollect):
        collect(session, date(2026, 12, 16))
    found = debit_collections.foresee(session, TODAY, date(2026, 12, 16), nobody)
    assert [one.why for one in found.left] == [Why.UNDER_WAY]


def test_the_database_itself_keeps_a_mandate_from_being_asked_twice(session: Session) -> None:
    someone(session, 1)
    (item,) = collect(session).items
    other = Collection(number=2, day=DAY, created=NOW, message_id="V0002", written=None, account_id=None)
    session.add(other)
    session.flush()
    session.add(
        CollectionItem(
            collection_id=other.id, mandate_id=item.mandate_id, cents=Euros(1), end_to_end="V0002-M0001",
            sequence="RCUR", state=ItemState.PLANNED,
        )
    )  # fmt: skip
    with pytest.raises(IntegrityError), session.begin_nested():
        session.flush()
    session.rollback()


def test_a_collection_is_withdrawn_whole_or_for_one(session: Session) -> None:
    ada, bea = someone(session, 1), someone(session, 2)
    collection = collect(session)
    assert debit_collections.withdraw(session, ACT, collection, member=ada) == [str(ada)]
    assert debit_collections.withdraw(session, ACT, collection) == [str(bea)]
    assert debit_collections.withdraw(session, ACT, collection) == []
    assert len(collect(session).items) == 2
    with pytest.raises(NoSuchCollection):
        debit_collections.find_collection(session, "V0009")


def test_a_mandate_that_ends_takes_what_is_planned_with_it(session: Session) -> None:
    ready(session)
    one = debit_mandates.mandate_of(session, someone(session, 1))
    assert one is not None
    collection = announced(session, collect(session))
    debit_mandates.end(session, ACT, one)
    with pytest.raises(NothingToWrite):
        write(session, collection)


# Telling members


def outbox(settings: Settings) -> list[str]:
    read = (message_from_bytes(one.read_bytes(), policy=policy.default) for one in settings.outbox.glob("*.eml"))
    bodies = [one.get_body() for one in read if isinstance(one, EmailMessage)]
    return [str(one.get_content()) for one in bodies if isinstance(one, EmailMessage)]


def test_everyone_is_told_ahead_once_by_mail(store: Store, tmp_path: Path) -> None:
    settings = Settings(var=tmp_path / "var", name="Les Abeilles")
    settings.var.mkdir()
    with transaction(store) as session:
        ready(session)
        someone(session, 1)
        member = someone(session, 2)
        member.email = None
        session.flush()
        collect(session)
    done = debiting.announce(store, settings, ACT, "V0001")
    assert (done.told, done.unreached, done.untold) == (("M0001",), ("M0002",), None)
    again = debiting.announce(store, settings, ACT, "V0001")
    assert (again.told, again.unreached) == ((), ("M0002",))
    (mail,) = outbox(settings)
    assert iban(1) not in mail
    assert iban(1)[-4:] in mail
    assert ICS in mail
    with reading(store) as session:
        found = debit_collections.find_collection(session, "V0001")
        assert [one.announced is None for one in found.items] == [False, True]


def test_it_may_be_too_late_to_tell(session: Session) -> None:
    ready(session)
    someone(session, 1)
    collection = collect(session)
    with pytest.raises(TooLateToAnnounce):
        announced(session, collection, later(10))
    with pytest.raises(NotAnnounced):
        write(session, collection)


# The file


def parsed(data: bytes) -> tuple[ElementTree.Element, dict[str, str]]:
    root = ElementTree.fromstring(data)
    return root, {"p": root.tag[1:].partition("}")[0]}


@pytest.mark.parametrize("version", list(Version))
def test_the_file_is_valid_and_says_who_how_much_and_when(session: Session, version: Version) -> None:
    pytest.importorskip("sepaxml", reason="the extra 'debits' is not installed")
    ready(session)
    someone(session, 1, 1234, "Zoé & Œuvre <b>")
    someone(session, 2, 5)
    collection = announced(session, collect(session))
    made = write(session, collection, version=version)
    root, space = parsed(made.data)
    assert space["p"].endswith(version)
    assert (made.count, made.cents) == (2, 1239)
    assert root.findtext(".//p:GrpHdr/p:CtrlSum", namespaces=space) == "12.39"
    assert root.findtext(".//p:GrpHdr/p:NbOfTxs", namespaces=space) == "2"
    assert root.findtext(".//p:GrpHdr/p:MsgId", namespaces=space) == collection.message_id
    assert [one.text for one in root.iterfind(".//p:DbtrAcct//p:IBAN", space)] == [iban(1), iban(2)]
    assert [one.text for one in root.iterfind(".//p:MndtId", space)] == ["M0001-1", "M0002-1"]
    assert root.findtext(".//p:Dbtr/p:Nm", namespaces=space) == "Zoe + OEuvre b"
    assert root.findtext(".//p:ReqdColltnDt", namespaces=space) == "2026-12-15"
    assert not list(root.iter(f"{{{space['p']}}}PstlAdr"))
    assert write(session, collection, later(3), version).data == made.data


def test_the_file_asks_for_no_more_than_is_still_owed(session: Session) -> None:
    pytest.importorskip("sepaxml", reason="the extra 'debits' is not installed")
    ready(session)
    ada, bea, cleo = (someone(session, rank, 1000) for rank in (1, 2, 3))
    collection = announced(session, collect(session))
    record_payment(session, ACT, ada, Euros(1000), date=TODAY, means=Means.CASH)
    record_payment(session, ACT, bea, Euros(300), date=TODAY, means=Means.CASH)
    charge(session, ACT, cleo, Euros(5000), "visite")
    made = write(session, collection)
    assert (made.left, made.count, made.cents) == ((str(ada),), 2, 1700)
    states = [one.state for one in debit_collections.find_collection(session, "V0001").items]
    assert states == [ItemState.WITHDRAWN, ItemState.SENT, ItemState.SENT]


def test_a_file_needs_an_identifier_an_account_and_time(session: Session) -> None:
    pytest.importorskip("sepaxml", reason="the extra 'debits' is not installed")
    someone(session, 1)
    collection = collect(session)
    with pytest.raises(NotReadyToWrite):
        write(session, collection)
    rules.set_rule(session, ACT, "debits.ics", ICS)
    with pytest.raises(NotReadyToWrite):
        write(session, collection)
    bank.add_account(session, ACT, "courant", OURS, holder="Les Abeilles")
    announced(session, collection)
    with pytest.raises(TooLateToWrite):
        write(session, collection, later(23))
    with pytest.raises(UnknownVersion):
        debit_files.version_of("03")
    assert write(session, collection, version=debit_files.version_of("08")).count == 1
    with pytest.raises(NotReadyToWrite, match="BIC"):
        write(session, collection, version=Version.V02)
    with pytest.raises(AlreadyWritten):
        debit_collections.withdraw(session, ACT, collection)


@pytest.mark.parametrize("value", ["FR71ZZZ123456", "DE98ZZZ09999999999", "FR72ZZZ12345", "fr72zzz123456"])
def test_an_identifier_of_the_association_that_is_none_is_refused(session: Session, value: str) -> None:
    with pytest.raises(rules.BadRuleValue):
        rules.set_rule(session, ACT, "debits.ics", value)


# What the bank says


def test_one_that_the_statement_shows_is_paid_to_the_cent(session: Session) -> None:
    sent(session, 1500, 1600)
    movement = entry(session, 1500, end_to_end="V0001-M0001")
    parts = debits.of_entry(session, movement)
    assert parts == (debits.Part("V0001-M0001", "M0001", Euros(1500)),)
    (payment,) = debits.book(session, AFTER, movement)
    assert (payment.means, payment.cents, payment.entry_id) == (Means.DIRECT_DEBIT, 1500, movement.id)
    assert balance(session, members.find_member(session, "M0001"), DAY).amount == 0
    assert debits.of_entry(session, movement) is None
    with pytest.raises(NotOfACollection):
        debits.book(session, AFTER, movement)


@pytest.mark.parametrize("label", ["REMISE PRLV V0001-20261122T130200", "REM. PRELEVT V0001 20261122 T130200 FRST"])
def test_the_whole_that_the_bank_credits_as_one_sum_is_parted(session: Session, label: str) -> None:
    sent(session, 1500, 1600)
    payments = debits.book(session, AFTER, entry(session, 3100, label=label))
    assert [(one.member_id, int(one.cents)) for one in payments] == [(1, 1500), (2, 1600)]
    assert [one.state for one in debit_collections.find_collection(session, "V0001").items] == [ItemState.PAID] * 2


def test_what_is_not_exact_is_left_to_a_person(session: Session) -> None:
    sent(session, 1500, 1600)
    for movement in (
        entry(session, 1501, end_to_end="V0001-M0001"),
        entry(session, 1500, label="VIR DE ADA"),
        entry(session, 3099, label="V0001-20261122T130200"),
        entry(session, -1501, end_to_end="V0001-M0001"),
        entry(session, 1500, end_to_end="V0001-M0003"),
    ):
        assert debits.of_entry(session, movement) is None
        with pytest.raises(NotOfACollection):
            debits.book(session, AFTER, movement)
    assert session.scalar(select(func.count(Payment.id))) == 0


def test_one_that_comes_back_is_owed_again_with_its_reason(session: Session) -> None:
    sent(session, 1500)
    debits.book(session, AFTER, entry(session, 1500, end_to_end="V0001-M0001"))
    back = entry(session, -1500, end_to_end="V0001-M0001", label="REJET PRLV AM04 PROVISION", day=DAY)
    assert debits.of_entry(session, back) == (debits.Part("V0001-M0001", "M0001", Euros(-1500), "AM04"),)
    debits.book(session, AFTER, back)
    item = debits.find_item(session, "V0001-M0001")
    assert (item.state, item.code) == (ItemState.RETURNED, "AM04")
    assert balance(session, members.find_member(session, "M0001"), date(2026, 12, 31)).amount == -1500
    assert debits.of_entry(session, back) is None
    assert inbox.waiting(session, AFTER) == []
    with pytest.raises(NotReturnable):
        debits.returned(session, AFTER, item, "AM04")
    day = date(2027, 1, 15)
    assert [one.why for one in debit_collections.foresee(session, DAY, day, nobody).left] == [Why.RETURNED]
    (again,) = debit_collections.foresee(session, DAY, day, nobody, again=["M0001"]).asked
    assert again.sequence == SequenceType.RECURRENT


def test_one_noted_by_hand_as_returned_meets_its_movement_later(session: Session) -> None:
    sent(session, 1500)
    debits.book(session, AFTER, entry(session, 1500, end_to_end="V0001-M0001"))
    debits.returned(session, AFTER, debits.find_item(session, "V0001-M0001"), "MD06")
    back = entry(session, -1500, end_to_end="V0001-M0001")
    assert len(inbox.waiting(session, AFTER)) == 2
    assert debits.book(session, AFTER, back) == []
    assert inbox.waiting(session, AFTER) == []
    assert debits.find_item(session, "V0001-M0001").code == "MD06"


def test_one_that_the_bank_never_took_comes_back_without_a_payment(session: Session) -> None:
    sent(session, 1500)
    item = debits.find_item(session, "v0001-m0001")
    with pytest.raises(UnknownReason):
        debits.returned(session, AFTER, item, "ZZ99")
    debits.returned(session, AFTER, item, "AC04")
    assert session.scalar(select(func.count(Payment.id))) == 0
    with pytest.raises(NoSuchItem):
        debits.find_item(session, "V0009-M0001")


def test_what_a_bank_was_asked_for_is_never_edited(session: Session) -> None:
    sent(session, 1500)
    for statement in ("UPDATE collection_item SET cents = 1", "DELETE FROM collection_item"):
        with pytest.raises(Exception, match="stays as it was asked"), session.begin_nested():
            session.execute(text(statement))


# At once, and cut short


def _collect_apart(store: Store) -> None:
    with transaction(store) as session:
        collect(session)


def test_two_collections_at_once_never_ask_anyone_twice(store: Store) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with transaction(store) as session:
        for rank in range(1, 8):
            someone(session, rank)

    def attempt(_: int) -> str:
        try:
            _collect_apart(store)
        except NobodyToCollect:
            return "nobody"
        return "done"

    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(attempt, range(4)))
    assert sorted(said) == ["done", "nobody", "nobody", "nobody"]
    with reading(store) as session:
        asked = session.scalars(select(CollectionItem.mandate_id)).all()
        assert sorted(asked) == sorted(set(asked))
        assert len(asked) == 7


def test_a_process_that_is_killed_leaves_no_half_collection(store: Store) -> None:
    with transaction(store) as session:
        for rank in range(1, 4):
            someone(session, rank)
    child = os.fork()
    if child == 0:
        store.engine.dispose(close=False)
        with transaction(store) as session:
            collect(session)
            os.kill(os.getpid(), signal.SIGKILL)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    with reading(store) as session:
        assert session.scalar(select(func.count(Collection.id))) == 0
        assert session.scalar(select(func.count(CollectionItem.id))) == 0
    with transaction(store) as session:
        assert len(collect(session).items) == 3

"""What wholesalers call things, in our words: the files in the wheel, and how a word is understood."""

from __future__ import annotations

import pytest

from inventory.deadlines import Guarantee
from inventory.dialect import NoSuchMapping, TwofoldWord, UnknownWord, dialect, dialects
from inventory.models.wholesale import OrderKind, OrderState
from inventory.ordering import legal

S = OrderState


def meant(word: str, now: OrderState, mapping: str = "covage-fttx-v1") -> OrderState:
    return dialect(mapping).means(word, now, legal(OrderKind.NEW, now))


def test_every_file_is_read_and_says_states_of_ours() -> None:
    assert sorted(dialects()) == ["covage-fttx-v1", "kosc-v2", "manual"]
    for each in dialects().values():
        assert each.title
        assert each.words
        assert set(each.words.values()) <= set(OrderState)
        assert all(Guarantee.parse(ours) for ours in each.guarantees.values())


def test_by_hand_every_state_has_its_word() -> None:
    assert set(dialect("manual").words.values()) == set(OrderState)


@pytest.mark.parametrize("mapping", sorted(dialects()))
def test_every_known_word_is_understood_by_itself(mapping: str) -> None:
    spoken = dialect(mapping)
    for word in spoken.known():
        assert spoken.means(word, S.DRAFT, frozenset()) in OrderState


@pytest.mark.parametrize(
    ("word", "now", "state"),
    [
        ("in_progress.price", S.DRAFT, S.ELIGIBILITY_REQUESTED),
        ("in_progress.price", S.ELIGIBILITY_REQUESTED, S.ELIGIBILITY_REQUESTED),
        ("done.ready", S.ELIGIBILITY_REQUESTED, S.ELIGIBLE),
        ("done.unable_to_provide", S.ELIGIBILITY_REQUESTED, S.INELIGIBLE),
        # The same word in two resources: what fits the order as it stands is meant.
        ("acknowledged", S.ELIGIBILITY_REQUESTED, S.ELIGIBILITY_REQUESTED),
        ("acknowledged", S.ORDERED, S.ORDERED),
        ("created", S.QUOTED, S.ORDERED),
        ("in_progress", S.ACKNOWLEDGED, S.IN_PRODUCTION),
        ("rejected", S.ORDERED, S.REJECTED),
        ("technical_visit_planned", S.IN_PRODUCTION, S.APPOINTMENT_PLANNED),
        ("terminate_in_progress", S.ACTIVE, S.TERMINATION_REQUESTED),
        ("order/in_progress", S.ORDERED, S.IN_PRODUCTION),
        ("session/in_progress", S.ORDERED, S.ORDERED),
    ],
)
def test_a_word_of_theirs_is_a_state_of_ours(word: str, now: OrderState, state: OrderState) -> None:
    assert meant(word, now) == state


def test_a_word_that_may_mean_two_things_is_refused_with_both() -> None:
    with pytest.raises(TwofoldWord):
        meant("acknowledged", S.DRAFT)  # of the eligibility, or of the order itself
    with pytest.raises(TwofoldWord) as refused:
        meant("in_progress", S.ORDERED)
    assert {"session/in_progress", "order/in_progress"} <= set(refused.value.facts["words"])  # type: ignore[call-overload]


@pytest.mark.parametrize("word", ["bla", "IN_PROGRESS", "order/", "x" * 500])
def test_an_unknown_word_is_refused_with_those_that_fit_one_a_line(word: str) -> None:
    with pytest.raises(UnknownWord) as refused:
        meant(word, S.DRAFT)
    said = refused.value.sentence("fr")
    assert "\n  in_progress.price : éligibilité demandée\n" in said
    assert "terminate_in_progress" not in said


@pytest.mark.parametrize("word", ["/active", "nope/active", "actve"])
def test_a_word_that_is_nearly_known_is_refused_with_the_one_that_was_meant(word: str) -> None:
    with pytest.raises(UnknownWord) as refused:
        meant(word, S.DRAFT)
    assert "The nearest: active" in refused.value.sentence("en")


def test_a_word_that_fits_nowhere_is_understood_for_the_order_to_refuse() -> None:
    assert meant("terminated", S.DRAFT) == S.TERMINATED


def test_an_unknown_mapping_is_refused_with_those_there_are() -> None:
    with pytest.raises(NoSuchMapping, match="manual"):
        dialect("../secrets")

"""Sites, rooms, racks, and what stands where, when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from foundation.acts import Act
from foundation.database import EssaimSession
from inventory import devices, mandates, members, names, placements, places
from inventory.models.devices import Device, Placement
from inventory.models.mandates import Task
from inventory.models.places import Rack, RackKind, Site
from inventory.placements import Spot
from inventory.rights import NotMandated
from inventory.texts import BadText
from inventory.views import places as views

TODAY = date(2026, 11, 22)


@dataclass(frozen=True)
class Cellar:
    """A site with a rack of ten units, a shelf, and three machines."""

    site: Site
    rack: Rack
    shelf: Rack
    machines: tuple[Device, ...]


@pytest.fixture
def cellar(session: EssaimSession, act: Act) -> Cellar:
    site = places.add_site(session, act, "cave")
    rack = places.add_rack(session, act, site, "A", units=10)
    shelf = places.add_rack(session, act, site, "étagère", kind=RackKind.SHELF)
    machines = tuple(
        devices.add_device(session, act, f"m{rank}", role="server", platform="debian", site=site,
                           since=TODAY - timedelta(days=30))
        for rank in range(3)
    )  # fmt: skip
    return Cellar(site, rack, shelf, machines)


def test_a_site_is_found_with_its_rooms_and_racks(session: EssaimSession, act: Act, cellar: Cellar) -> None:
    places.add_room(session, act, cellar.site, "réserve")
    found = places.find_site(session, "cave")
    assert [room.name for room in found.rooms] == ["réserve"]
    assert [rack.name for rack in found.racks] == ["A", "étagère"]


def test_a_site_may_be_said_otherwise(session: EssaimSession, act: Act, cellar: Cellar) -> None:
    places.change_site(session, act, cellar.site, address="1 rue Haute")
    assert (cellar.site.description, cellar.site.address) == ("", "1 rue Haute")


@pytest.mark.parametrize("name", ["", "  ", "a/b", "a:b", "*", "x" * 65, "a\nb", "a\u202eb"])
def test_what_cannot_name_a_place_is_refused(session: EssaimSession, act: Act, name: str) -> None:
    with pytest.raises(names.BadLabel):
        places.add_site(session, act, name)


def test_a_place_is_named_once(session: EssaimSession, act: Act, cellar: Cellar) -> None:
    places.add_room(session, act, cellar.site, "réserve")
    for again in (
        lambda: places.add_site(session, act, " cave "),
        lambda: places.add_room(session, act, cellar.site, "réserve"),
        lambda: places.add_rack(session, act, cellar.site, "A"),
    ):
        with pytest.raises(places.PlaceExists):
            again()


def test_places_that_are_not_there_are_said_so(session: EssaimSession, act: Act, cellar: Cellar) -> None:
    for refusal, ask in (
        (places.NoSuchSite, lambda: places.find_site(session, "toit")),
        (places.NoSuchRoom, lambda: places.find_room(session, cellar.site, "toit")),
        (places.NoSuchRack, lambda: places.find_rack(session, "cave/Z")),
        (places.BadRackName, lambda: places.find_rack(session, "A")),
        (places.BadRackName, lambda: places.find_rack(session, "cave/")),
    ):
        with pytest.raises(refusal):
            ask()


def test_a_room_is_of_its_own_site(session: EssaimSession, act: Act, cellar: Cellar) -> None:
    elsewhere = places.add_room(session, act, places.add_site(session, act, "toit"), "mât")
    with pytest.raises(places.NoSuchRoom):
        places.add_rack(session, act, cellar.site, "B", room=elsewhere)
    with pytest.raises(places.NoSuchRoom):
        places.change_rack(session, act, cellar.rack, room=elsewhere)


@pytest.mark.parametrize(
    ("kind", "units", "refusal"),
    [
        ("rack", 0, names.OutOfRange),
        ("rack", 101, names.OutOfRange),
        ("shelf", 3, places.NoUnits),
        ("floor", 3, places.NoUnits),
        ("cupboard", None, places.BadRackKind),
    ],
)
def test_a_rack_that_cannot_be_is_refused(
    session: EssaimSession, act: Act, cellar: Cellar, kind: str, units: int | None, refusal: type[Exception]
) -> None:
    if kind == "rack" and units == 0:
        units = -1
    with pytest.raises(refusal):
        places.add_rack(session, act, cellar.site, "B", kind=kind, units=units)


def test_a_rack_has_42_units_unless_told(session: EssaimSession, act: Act, cellar: Cellar) -> None:
    assert places.add_rack(session, act, cellar.site, "B").units == 42


def test_racks_are_listed_by_site_and_name_a_page_at_a_time(session: EssaimSession, act: Act, cellar: Cellar) -> None:
    roof = places.add_site(session, act, "toit")
    places.add_rack(session, act, roof, "A", kind=RackKind.FLOOR)
    paths = [placements.path(one) for one in places.list_racks(session)]
    assert paths == ["cave/A", "cave/étagère", "toit/A"]
    assert [placements.path(one) for one in places.list_racks(session, after="cave/A", limit=1)] == ["cave/étagère"]
    assert [placements.path(one) for one in places.list_racks(session, site=roof)] == ["toit/A"]
    assert [one.name for one in places.list_sites(session, after="cave")] == ["toit"]


def test_a_machine_takes_its_units(session: EssaimSession, act: Act, cellar: Cellar) -> None:
    placements.place(session, act, cellar.machines[0], cellar.rack, Spot(3, 4))
    seen = views.rack_view(session, places.find_rack(session, "cave/A"), TODAY)
    assert [(slot.device, slot.unit, slot.height, slot.face) for slot in seen.machines] == [("m0", 3, 4, "front")]
    assert seen.free_units == 6


@pytest.mark.parametrize("spot", [Spot(6), Spot(1, 3), Spot(3, 1, "both"), Spot(5, 1, "both"), Spot(3, 4)])
def test_two_machines_are_never_in_the_same_units(session: EssaimSession, act: Act, cellar: Cellar, spot: Spot) -> None:
    placements.place(session, act, cellar.machines[0], cellar.rack, Spot(3, 4))
    with pytest.raises(placements.UnitsTaken) as refused:
        placements.place(session, act, cellar.machines[1], cellar.rack, spot)
    assert "U3-U6" in refused.value.sentence("fr")


@pytest.mark.parametrize("spot", [Spot(7), Spot(1, 2), Spot(3, 4, "rear"), Spot()])
def test_what_is_beside_above_or_behind_is_free(session: EssaimSession, act: Act, cellar: Cellar, spot: Spot) -> None:
    placements.place(session, act, cellar.machines[0], cellar.rack, Spot(3, 4))
    placements.place(session, act, cellar.machines[1], cellar.rack, spot)
    assert len(placements.standing(session, cellar.rack, TODAY)) == 2


@pytest.mark.parametrize(
    ("spot", "refusal"),
    [
        (Spot(11), placements.BeyondRack),
        (Spot(8, 4), placements.BeyondRack),
        (Spot(0), placements.BeyondRack),
        (Spot(-3), placements.BeyondRack),
        (Spot(1, 0), names.OutOfRange),
        (Spot(1, 11), names.OutOfRange),
        (Spot(1, 1, "left"), placements.BadFace),
        (Spot(position="x" * 101), BadText),
    ],
)
def test_a_place_that_cannot_be_is_refused(
    session: EssaimSession, act: Act, cellar: Cellar, spot: Spot, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        placements.place(session, act, cellar.machines[0], cellar.rack, spot)


def test_a_shelf_has_no_units_and_as_many_machines_as_one_likes(
    session: EssaimSession, act: Act, cellar: Cellar
) -> None:
    with pytest.raises(places.NoUnits):
        placements.place(session, act, cellar.machines[0], cellar.shelf, Spot(1))
    for machine, where in zip(cellar.machines, ("à gauche", "à gauche", "au fond"), strict=True):
        placements.place(session, act, machine, cellar.shelf, Spot(position=where))
    seen = views.rack_view(session, places.find_rack(session, "cave/étagère"), TODAY)
    assert [slot.position for slot in seen.machines] == ["à gauche", "à gauche", "au fond"]


def test_a_machine_stands_in_one_place(session: EssaimSession, act: Act, cellar: Cellar) -> None:
    placements.place(session, act, cellar.machines[0], cellar.rack, Spot(1))
    with pytest.raises(placements.AlreadyPlaced):
        placements.place(session, act, cellar.machines[0], cellar.shelf)


def test_a_move_is_kept_with_its_days(session: EssaimSession, act: Act, cellar: Cellar) -> None:
    machine, week = cellar.machines[0], timedelta(days=7)
    placements.place(session, act, machine, cellar.rack, Spot(1), since=TODAY - week)
    placements.move(session, act, machine, cellar.rack, Spot(1, 2))
    then, now = (placements.placement_of(session, machine, day) for day in (TODAY - week, TODAY))
    assert then is not None
    assert now is not None
    assert (then.height, then.until, now.height, now.until) == (1, TODAY, 2, None)
    assert views.rack_view(session, cellar.rack, TODAY - week).machines[0].height == 1


def test_a_machine_that_moves_the_same_day_leaves_its_units_free(
    session: EssaimSession, act: Act, cellar: Cellar
) -> None:
    one, other, _ = cellar.machines
    placements.place(session, act, one, cellar.rack, Spot(1))
    placements.move(session, act, one, cellar.rack, Spot(2))
    placements.place(session, act, other, cellar.rack, Spot(1))
    assert [slot.device for slot in views.rack_view(session, cellar.rack, TODAY).machines] == ["m0", "m1"]


def test_a_machine_may_be_taken_out(session: EssaimSession, act: Act, cellar: Cellar) -> None:
    machine = cellar.machines[0]
    with pytest.raises(placements.NotPlaced):
        placements.move(session, act, machine, cellar.rack)
    placements.place(session, act, machine, cellar.rack, Spot(1))
    placements.take_out(session, act, machine)
    assert placements.placement_of(session, machine, TODAY) is None
    with pytest.raises(placements.NotPlaced):
        placements.take_out(session, act, machine)
    assert "m0" in views.site_view(session, places.find_site(session, "cave"), TODAY).unplaced


def test_no_day_goes_backwards(session: EssaimSession, act: Act, cellar: Cellar) -> None:
    machine = cellar.machines[0]
    with pytest.raises(names.TooEarly):
        placements.place(session, act, machine, cellar.rack, Spot(1), since=TODAY - timedelta(days=31))
    placements.place(session, act, machine, cellar.rack, Spot(1))
    with pytest.raises(names.TooEarly):
        placements.move(session, act, machine, cellar.rack, Spot(2), since=TODAY - timedelta(days=1))


def test_a_machine_is_placed_after_another_that_is_still_to_come(
    session: EssaimSession, act: Act, cellar: Cellar
) -> None:
    placements.place(session, act, cellar.machines[0], cellar.rack, Spot(1), since=TODAY + timedelta(days=9))
    with pytest.raises(placements.UnitsTaken):
        placements.place(session, act, cellar.machines[1], cellar.rack, Spot(1))


def test_a_machine_goes_to_the_site_of_its_rack(session: EssaimSession, act: Act, cellar: Cellar) -> None:
    roof = places.add_site(session, act, "toit")
    spot = places.add_rack(session, act, roof, "mât", kind=RackKind.FLOOR)
    placements.place(session, act, cellar.machines[0], spot)
    assert devices.find_device(session, "m0").site.name == "toit"


def test_a_rack_never_shrinks_below_its_machines(session: EssaimSession, act: Act, cellar: Cellar) -> None:
    placements.place(session, act, cellar.machines[0], cellar.rack, Spot(5, 2))
    with pytest.raises(places.StandsAbove):
        places.change_rack(session, act, cellar.rack, units=5)
    places.change_rack(session, act, cellar.rack, units=6, description="petite")
    assert (cellar.rack.units, cellar.rack.description) == (6, "petite")
    with pytest.raises(places.NoUnits):
        places.change_rack(session, act, cellar.shelf, units=6)


def test_a_rack_that_served_stays(session: EssaimSession, act: Act, cellar: Cellar) -> None:
    placements.place(session, act, cellar.machines[0], cellar.rack, Spot(1))
    placements.take_out(session, act, cellar.machines[0])
    with pytest.raises(places.RackUsed):
        places.remove_rack(session, act, cellar.rack)
    places.remove_rack(session, act, cellar.shelf)
    assert [one.name for one in places.list_racks(session)] == ["A"]


@pytest.mark.parametrize(
    ("values", "refused"),
    [
        ({"unit": 3, "height": 1, "face": "front"}, True),
        ({"unit": 2, "height": 2, "face": "both"}, True),
        ({"unit": 3, "height": 1, "face": "rear"}, False),
        ({"unit": 3, "height": 1, "face": "front", "since": "2026-11-01", "until": "2026-11-22"}, False),
        ({"unit": 3, "height": 1, "face": "front", "since": "2026-11-01", "until": "2026-11-23"}, True),
        ({"unit": 3, "height": 1, "face": "front", "until": "2026-11-22"}, False),
    ],
)
def test_the_database_itself_refuses_two_machines_in_the_same_units(
    session: EssaimSession, act: Act, cellar: Cellar, values: dict[str, Any], refused: bool
) -> None:
    placements.place(session, act, cellar.machines[0], cellar.rack, Spot(3))
    row = {"device": cellar.machines[1].id, "rack": cellar.rack.id, "since": "2026-11-22", "until": None} | values
    days = {name: row[name] and date.fromisoformat(row[name]) for name in ("since", "until")}
    put = Placement(
        device_id=row["device"], rack_id=row["rack"], unit=row["unit"], height=row["height"], face=row["face"], **days
    )
    try:
        with session.begin_nested():
            session.add(put)
    except DBAPIError:
        assert refused
    else:
        assert not refused


def test_the_database_itself_refuses_a_move_into_taken_units(session: EssaimSession, act: Act, cellar: Cellar) -> None:
    placements.place(session, act, cellar.machines[0], cellar.rack, Spot(3))
    placements.place(session, act, cellar.machines[1], cellar.rack, Spot(4))
    with pytest.raises(DBAPIError), session.begin_nested():
        session.execute(text("UPDATE placement SET unit = 3 WHERE unit = 4"))


def test_a_mandate_for_one_site_is_for_that_site(session: EssaimSession, act: Act, cellar: Cellar) -> None:
    keeper = members.add_member(session, act, "Ada Exemple")
    roof = places.add_site(session, act, "toit")
    other = places.add_rack(session, act, roof, "mât", kind=RackKind.FLOOR)
    giver = members.add_member(session, act, "Béa Exemple")
    mandates.give(session, act, giver, Task.MANDATES_GIVE)
    mandates.give(session, Act(str(giver), act.at), keeper, Task.DEVICES_WRITE, scope="site:cave")
    theirs = Act(str(keeper), act.at)
    placements.place(session, theirs, cellar.machines[0], cellar.rack, Spot(1))
    places.add_rack(session, theirs, cellar.site, "B")
    for refused in (
        lambda: places.change_rack(session, theirs, other, description="x"),
        lambda: placements.move(session, theirs, cellar.machines[0], other),
        lambda: places.add_rack(session, theirs, roof, "B"),
        lambda: places.add_site(session, theirs, "grenier"),
    ):
        with pytest.raises(NotMandated):
            refused()

"""Lines of members who agreed are listened to from where Essaim runs: over real tunnels and a real LNS."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from desk import homes, laboratory, quality
from foundation import clock, reach
from foundation.acts import Act
from foundation.database import Store, open_store, reading, transaction
from foundation.settings import Settings
from monitoring import accounting
from monitoring.connections import last_connection
from monitoring.embedded import EmbeddedStore, open_series
from monitoring.models import open_samples
from monitoring.poll import RadiusServer, poll_connections
from monitoring.quality import LEAST, LOSS, MEDIAN, is_line
from monitoring.series import Name
from provisioning import apply as applying
from provisioning import changes
from provisioning import plan as planning

TUNNEL, COPPER = "L0042", "L0002"
MOMENT = timedelta(milliseconds=1)
SECONDS = 1.4


@dataclass(frozen=True)
class Here:
    """An association whose machines are the lab's, all configured, and what it measures."""

    settings: Settings
    store: Store
    series: EmbeddedStore
    keeper: Any

    def act(self, why: str = "") -> Act:
        return Act("M0001", clock.now(), why)

    def listen(self) -> datetime:
        """Listen for a moment; since when."""
        at = clock.now()
        quality.listen(self.store, self.series, self.settings.means(), at, SECONDS, every=0.1, patience=0.5)
        return at

    def heard(self, line: str, metric: str, family: str, since: datetime) -> float:
        """What was measured of a line since then: hundredths of a percent, or milliseconds."""
        [point] = self.series.between(Name(line, metric, family), since - MOMENT, since + MOMENT)
        return point.value / (1 if metric == LOSS else 1000)


@pytest.fixture(scope="module")
def here(
    standing_lab: Any, inhabited: Callable[[Path], Settings], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Here]:
    settings = inhabited(tmp_path_factory.mktemp("quality") / "var")
    store = open_store(settings)
    with closing(open_series(settings)) as series:
        made = Here(settings, store, series, standing_lab.keeper)
        numbers = [one.change for one in planning.plan(store, settings, made.act(), lambda _: None) if one.change]
        with transaction(store) as session:
            for number in numbers:
                changes.approve(session, made.act(), changes.find_change(session, number))
        done = applying.apply(store, settings, made.act(), numbers, lambda _: None)
        assert [one.problem for one in done if one.problem] == []
        yield made
    standing_lab.keeper.restore()


def test_homes_are_listened_to_and_a_long_cable_shows(here: Here) -> None:
    here.listen()
    assert [one for one in here.series.devices() if is_line(one)] == [], "nobody agreed"
    for line in (TUNNEL, COPPER):
        quality.agree(here.store, here.act("à l'assemblée"), line)
    with ExitStack() as connected:
        for line in (TUNNEL, COPPER):
            connected.enter_context(laboratory.connected(here.settings, homes.access(here.store, here.settings, line)))
        near = here.listen()
        here.keeper.slow("transit", "town0", 0.04)
        far = here.listen()
        here.keeper.mend()
    gone = here.listen()
    for family in ("ipv4", "ipv6"):
        assert here.heard(TUNNEL, LOSS, family, near) == 0
        assert here.heard(TUNNEL, MEDIAN, family, near) < 40
        assert 80 <= here.heard(TUNNEL, LEAST, family, far) <= here.heard(TUNNEL, MEDIAN, family, far) < 200
    assert here.heard(COPPER, MEDIAN, "ipv4", far) < 40, "its cable is another"
    assert here.heard(COPPER, LOSS, "ipv4", gone) == 10_000

    quality.withdraw(here.store, here.series, here.act(), TUNNEL)
    assert TUNNEL not in here.series.devices()
    assert COPPER in here.series.devices()


def test_detail_files_are_read_where_they_are(here: Here) -> None:
    radius = reach.Machine("radius", here.keeper.endpoints().machine("radius").address)
    began = clock.now().replace(microsecond=0) - timedelta(hours=1)
    record = f"""Sun Nov 22 14:02:00 2026
\tAcct-Status-Type = Start
\tAcct-Session-Id = "7"
\tUser-Name = "l0002@adsl"
\tNAS-IP-Address = 192.0.2.2
\tActual-Data-Rate-Downstream = 8000000
\tTimestamp = {int(began.timestamp())}

"""
    day = shlex.quote(f"{accounting.DETAIL_FOLDER}/192.0.2.2/detail-20261122")
    write = f"install -d {accounting.DETAIL_FOLDER}/192.0.2.2 && cat > {day}"
    reach.run(here.settings.means(), radius, write, stdin=record)
    [session] = accounting.read_details(here.settings.means(), radius, began - timedelta(days=1))
    assert (session.login, session.since, session.until) == ("l0002@adsl", began, None)
    samples = open_samples(here.settings)
    copper: dict[int, tuple[tuple[str, int], ...]] = {}
    server = RadiusServer(radius, {"l0002@adsl": 2}, detail=True)
    try:
        report = poll_connections(
            here.settings.means(), samples, [server], clock.now(), lambda _: None, rates=copper.__setitem__
        )
        with reading(samples) as opened:
            met = last_connection(opened, 2)
    finally:
        samples.engine.dispose()
    assert [one.machine for one in report.answered] == ["radius"]
    assert met is not None
    assert (met.since, met.until) == (began, None)
    assert copper == {2: (("syncDown", 8_000_000),)}


@pytest.mark.soak
@pytest.mark.timeout(180)
def test_an_lns_that_keeps_its_own_accounts_is_read(here: Here) -> None:
    """l2tpns writes down a session that ended within a minute."""
    lns = reach.Machine("lns", here.keeper.endpoints().machine("lns").address)
    configuration, folder = accounting.L2TPNS_CONFIGURATION, "/var/lib/l2tpns"

    def shell(command: str) -> str:
        return reach.run(here.settings.means(), lns, command)

    shell(f"cp {configuration} {configuration}.before && mkdir -p {folder}")
    shell(f"echo 'set accounting_dir \"{folder}\"' >> {configuration} && systemctl restart l2tpns")
    began = clock.now()
    try:
        with laboratory.connected(here.settings, homes.access(here.store, here.settings, COPPER)):
            home = homes.access(here.store, here.settings, COPPER).wan.network_address
            shell(f"ping -n -q -c 20 -i 0.05 -W 1 {home}")
        until = time.monotonic() + 90
        dumped: list[accounting.Dump] = []
        while not dumped and time.monotonic() < until:
            time.sleep(3)
            dumped = accounting.read_dumps(here.settings.means(), lns, began)
    finally:
        shell(f"mv {configuration}.before {configuration}; rm -rf {folder}; systemctl restart l2tpns")
    [dump] = dumped
    assert dump.login == "l0002@adsl"
    assert began - timedelta(seconds=2) < dump.at <= clock.now()
    assert dump.received > 500
    assert dump.sent > 500

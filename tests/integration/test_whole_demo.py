"""The demonstration's association once it has grown: its machines' texts hang together, without any lab."""

from __future__ import annotations

import re

from desk import sample, sample_whole
from foundation import clock, journal
from foundation.database import EssaimSession
from inventory import devices
from provisioning import targets


def test_every_machine_of_a_whole_association_has_its_texts(session: EssaimSession) -> None:
    sample.populate(session, cored=True)
    grown = sample_whole.grow(session, clock.now())
    at = clock.now()
    texts = {
        str(target): targets.wanted(session, device, target, at).desired
        for device, target in targets.every_target(session)
    }
    assert {"core/router", "edge/router", "edge2/router", "bng/ipoe", "openvpn/openvpn", "dns/knot"} <= set(texts)
    assert grown.openvpn_line in "".join(texts["openvpn/openvpn"].values())
    assert re.search(r"^remote 192\.0\.2\.7 1194$", grown.openvpn_file, re.MULTILINE)
    held = [
        address
        for name in ("core", "edge", "edge2")
        for address in re.findall(r"^ ip(?:v6)? address (\S+)/", texts[f"{name}/router"]["frr.conf"], re.MULTILINE)
    ]
    assert len(held) == len(set(held)) == 2 * (4 + 4 + 4)
    assert "default-information originate" in texts["edge2/router"]["frr.conf"]
    assert "default-information" not in texts["core/router"]["frr.conf"]
    assert [one.name for one in devices.list_devices(session, role="router")] == ["core", "edge", "edge2"]
    journal.verify(session)

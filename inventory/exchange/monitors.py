"""The machines as other programs want them: Prometheus' `file_sd`, and an inventory of Ansible's."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from inventory.devices import polled
from inventory.models.devices import Device


def prometheus(session: Session) -> list[dict[str, Any]]:
    """Machines that are polled over SNMP, as targets with their labels (`file_sd_config`)."""
    names = {one.id for one in polled(session)}
    return [
        {
            "targets": [f"[{one.management}]" if ":" in str(one.management) else str(one.management)],
            "labels": {"device": one.name, "role": one.role, "site": one.site.name, "platform": one.platform},
        }
        for one in _present(session)
        if one.id in names
    ]


def ansible(session: Session) -> dict[str, Any]:
    """The association's own machines that are met at an address, grouped by role and by site."""
    groups: dict[str, dict[str, Any]] = defaultdict(dict)
    hosts: dict[str, Any] = {}
    for one in _present(session):
        if one.owner_id is not None or not one.management:
            continue
        hosts[one.name] = {
            "ansible_host": one.management,
            "essaim_role": one.role,
            "essaim_site": one.site.name,
            "essaim_platform": one.platform,
        }
        for group in (f"role_{_word(one.role)}", f"site_{_word(one.site.name)}"):
            groups[group][one.name] = {}
    children = {name: {"hosts": members} for name, members in sorted(groups.items())}
    return {"all": {"hosts": hosts, "children": children}}


def _present(session: Session) -> list[Device]:
    query = select(Device).where(Device.until.is_(None), Device.management.is_not(None))
    return list(session.scalars(query.options(joinedload(Device.site)).order_by(Device.name)))


def _word(text: str) -> str:
    """A group's name: Ansible wants letters, digits and underscores."""
    return "".join(sign if sign.isascii() and sign.isalnum() else "_" for sign in text.lower())

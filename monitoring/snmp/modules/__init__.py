"""What is asked of a machine, one part of a MIB or one make a file: data, and a pure function from answers to measures.

How to add one: docs/howto/add-a-device.md.
"""

from __future__ import annotations

from typing import Final

from monitoring.snmp.answers import Module
from monitoring.snmp.modules.bgp import BGP
from monitoring.snmp.modules.chassis import CISCO, JUNIPER
from monitoring.snmp.modules.entity_sensors import ENTITY_SENSORS
from monitoring.snmp.modules.host import HOST, LINUX
from monitoring.snmp.modules.interfaces import INTERFACES, INTERFACES_32
from monitoring.snmp.modules.lm_sensors import LM_SENSORS
from monitoring.snmp.modules.pdu_apc import PDU_APC
from monitoring.snmp.modules.pdu_apc2 import PDU_APC_2
from monitoring.snmp.modules.pdu_raritan import PDU_RARITAN
from monitoring.snmp.modules.system import SYSTEM
from monitoring.snmp.modules.ups import UPS
from monitoring.snmp.modules.ups_eaton import UPS_EATON

MODULES: Final[tuple[Module, ...]] = (
    SYSTEM,
    INTERFACES,
    INTERFACES_32,
    HOST,
    LINUX,
    LM_SENSORS,
    ENTITY_SENSORS,
    CISCO,
    JUNIPER,
    BGP,
    UPS,
    UPS_EATON,
    PDU_APC_2,
    PDU_APC,
    PDU_RARITAN,
)
"""All of them, in the order in which they are asked."""

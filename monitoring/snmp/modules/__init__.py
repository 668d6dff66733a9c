"""What is asked of a machine, one part of a MIB a file: data, and a pure function from answers to measures."""

from __future__ import annotations

from monitoring.snmp.modules.host import HOST
from monitoring.snmp.modules.interfaces import INTERFACES
from monitoring.snmp.modules.system import SYSTEM

MODULES = (SYSTEM, INTERFACES, HOST)
"""All of them, in the order in which they are asked."""

__all__ = ["HOST", "INTERFACES", "MODULES", "SYSTEM"]

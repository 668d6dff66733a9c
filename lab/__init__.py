"""A small associative ISP in network namespaces, of real daemons: a description in, endpoints out.

Knows no other room. `up` starts one process, the keeper, which holds everything; see lab/keeper.py.
"""

from lab.attach import Endpoint, Endpoints, Lab, LabRefused, Program, Ran, Running, attach
from lab.run import LabFailed, LabImpossible, NotALabFolder, down, up, why_not
from lab.topology import Machine, Peering, Port, SnmpAccess, Topology, small_isp, whole_isp

__all__ = [
    "Endpoint",
    "Endpoints",
    "Lab",
    "LabFailed",
    "LabImpossible",
    "LabRefused",
    "Machine",
    "NotALabFolder",
    "Peering",
    "Port",
    "Program",
    "Ran",
    "Running",
    "SnmpAccess",
    "Topology",
    "attach",
    "down",
    "small_isp",
    "up",
    "whole_isp",
    "why_not",
]

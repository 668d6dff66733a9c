"""The schema of the inventory, one noun a file."""

from inventory.models.addresses import Assignment, Block, BlockState, Pool, Role
from inventory.models.devices import Device, DeviceSecret, Interface
from inventory.models.lines import Credential, Line, LineEvent, LineState, Offer, Share, Technology
from inventory.models.mandates import Emergency, Mandate, Rule, Task
from inventory.models.people import Member, Membership, MemberStatus, SignIn, SignInLink
from inventory.models.places import Site
from inventory.models.routing import Aggregate, BgpPeer

__all__ = [
    "Aggregate",
    "Assignment",
    "BgpPeer",
    "Block",
    "BlockState",
    "Credential",
    "Device",
    "DeviceSecret",
    "Emergency",
    "Interface",
    "Line",
    "LineEvent",
    "LineState",
    "Mandate",
    "Member",
    "MemberStatus",
    "Membership",
    "Offer",
    "Pool",
    "Role",
    "Rule",
    "Share",
    "SignIn",
    "SignInLink",
    "Site",
    "Task",
    "Technology",
]

"""What a PPP session over L2TP carries, of a path that carries so much. Pure: octets in, octets out."""

from __future__ import annotations

from typing import Final

USUAL_PATH: Final = 1500
"""The largest IP packet between a wholesaler's LAC and our LNS, where nobody said otherwise (RFC 894)."""
PATHS: Final = range(1320, 9217)
"""What may be said of a path: below, a session could not carry IPv6 (1280 octets, RFC 8200, 5)."""

_IP: Final = {4: 20, 6: 40}
"""Without options (RFC 791, 3.1), without extensions (RFC 8200, 3)."""
_UDP: Final = 8
"""RFC 768."""
_L2TP: Final = 8
"""A data message with its length, without sequence numbers nor offset (RFC 2661, 3.1)."""
_PPP: Final = 4
"""Address and control (RFC 1662, 3.1), which a LAC may leave uncompressed, and the protocol (RFC 1661, 2)."""
_LARGEST: Final = 1500
"""What PPP carries unless both ends ask for more (RFC 1661, 6.1): a member's home has no larger packets."""


def over_l2tp(path: int, version: int = 4) -> int:
    """The largest packet of a PPP session, in octets, where L2TP goes over a path of `path` octets by IP `version`."""
    return min(path - _IP[version] - _UDP - _L2TP - _PPP, _LARGEST)

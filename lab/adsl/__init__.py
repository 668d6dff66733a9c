"""A member's home on ADSL: the wholesaler's LAC and the box's PPP client in one program.

`python -m lab.adsl` runs it. The protocols are pure, octets in and octets out:

    l2tp  -> lac                   the tunnel and the call (RFC 2661)
    ppp   -> negotiation -> link   what runs inside the call (RFC 1661 and its kin)
    session                        both together: datagrams on one side, IP packets on the other
    dhcpv6                         the delegated prefix (RFC 8415)

Only `client` and `tun` touch the machine.
"""

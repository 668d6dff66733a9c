"""The files that a machine of the lab has before Essaim pushes anything, as text."""

from __future__ import annotations

from ipaddress import ip_address

from lab.topology import Machine, Peering, SnmpAccess

SHADOW = "root:*:19700:0:99999:7:::\n"
"""A root without a password, but not locked: sshd without PAM refuses an account marked with `!`."""


def sshd(machine: Machine) -> str:
    """sshd_config: root by key, on the management address alone."""
    return f"""\
# The lab's: root by key, on the management network.
Port 22
ListenAddress {machine.management.ip}
HostKey /etc/ssh/ssh_host_ed25519_key
AuthorizedKeysFile /etc/ssh/authorized_keys
PidFile /run/sshd.pid
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
UseDNS no
MaxStartups 100:30:200
MaxSessions 50
Subsystem sftp internal-sftp
"""


def frr_of_edge(machine: Machine) -> str:
    """frr.conf of a router just installed: its name, and nothing else."""
    return f"""\
frr defaults traditional
hostname {machine.name}
log syslog informational
service integrated-vtysh-config
!
"""


def frr_of_transit(machine: Machine, peering: Peering) -> str:
    """frr.conf of the Internet's router: a default route, in both families, to whoever peers from our AS.

    Where there are others like it, they tell each other all they know: an edge that one lost is met by the other.
    """
    neighbours = "".join(
        f" neighbor {address} remote-as {peering.our_as}\n"
        f" neighbor {address} timers connect 1\n"
        f" neighbor {address} advertisement-interval 0\n"
        for address in peering.ours
    ) + "".join(
        f" neighbor {address} remote-as {number}\n neighbor {address} timers connect 1\n"
        f" neighbor {address} advertisement-interval 0\n"
        for address, number in peering.beside
    )
    families = "".join(
        f" address-family ipv{version} unicast\n"
        + "".join(
            f"  neighbor {address} activate\n  neighbor {address} default-originate\n"
            for address in peering.ours
            if ip_address(address).version == version
        )
        + "".join(
            f"  neighbor {address} activate\n"
            for address, _ in peering.beside
            if ip_address(address).version == version
        )
        + ("  redistribute connected\n" if peering.beside else "")
        + " exit-address-family\n"
        for version in (4, 6)
    )
    return f"""\
frr defaults traditional
hostname {machine.name}
log syslog informational
service integrated-vtysh-config
!
router bgp {peering.transit_as}
 bgp router-id {peering.router_id}
 no bgp ebgp-requires-policy
 no bgp default ipv4-unicast
 timers bgp 1 3
{neighbours}{families}exit
"""


def frr_daemons(packaged: str, *more: str) -> str:
    """Debian's /etc/frr/daemons with BGP on, and more where wanted: what runs is what the file says."""
    for daemon in ("bgpd", *more):
        packaged = packaged.replace(f"{daemon}=no", f"{daemon}=yes")
    return packaged


def knot(packaged: str) -> str:
    """knot.conf of a name server just installed, with the row that a volunteer adds: it listens everywhere."""
    return packaged.replace("server:\n", "server:\n    listen: [ 0.0.0.0@53, ::@53 ]\n", 1) + (
        'include: "/etc/knot/essaim*.conf"\n'
    )


def snmpd(machine: Machine, access: SnmpAccess) -> str:
    """snmpd.conf of a hosted machine: read-only, by community and, if the description names one, by user."""
    lines = [
        f"agentAddress udp:{machine.management.ip}:161",
        f"sysName {machine.name}.essaim.example",
        "sysLocation Baie de démonstration",
        "sysContact noc@essaim.example",
        f"rocommunity {access.community} {machine.management.network}",
    ]
    if access.user:
        lines += [
            f"createUser {access.user} SHA-256 {access.authentication} AES {access.privacy}",
            f"rouser {access.user} authpriv",
        ]
    return "\n".join(lines) + "\n"

"""Real name servers load what we render, number it by themselves, and say it: knot, nsd and bind alike."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from provisioning.artifacts.dns import BIND, CONFIGURATION, KNOT, NSD, Dns
from provisioning.texts import digest, unified

ROOT = Path(__file__).parents[2]
ROLES = ROOT / "playbooks" / "roles"
V4 = "100.51.198.in-addr.arpa"


@dataclass(frozen=True)
class Software:
    """One name server: where it keeps things, how it starts, and the line that a volunteer adds."""

    artifact: Dns
    program: str
    etc: str
    user: str
    start: str
    reload: str
    before: str
    path: str = ""


HANGUP: Final = "kill -HUP $(cat /run/server.pid)"
SOFTWARE = {
    "knot": Software(
        KNOT, "knotd", "/etc/knot", "knot", "knotd -c /etc/knot/knot.conf", HANGUP,
        "echo 'include: \"/etc/knot/essaim*.conf\"' >> /etc/knot/knot.conf; "
        "sed -i 's/^#    listen/    listen/' /etc/knot/knot.conf", "/etc/knot/essaim.conf",
    ),
    "nsd": Software(
        NSD, "nsd", "/etc/nsd", "nsd", 'nsd -d -P ""', HANGUP, "true", "/etc/nsd/nsd.conf.d/essaim.conf"
    ),
    "bind": Software(
        BIND, "named", "/etc/bind", "bind", "named -f -u bind", "rndc reload",
        "install -d -g bind -m 750 /var/lib/bind/essaim; touch /var/lib/bind/essaim/essaim.conf; "
        "echo 'include \"/var/lib/bind/essaim/essaim.conf\";' >> /etc/bind/named.conf.local; "
        "rndc-confgen -a -u bind >/dev/null 2>&1",
    ),
}  # fmt: skip

# A machine of its own in namespaces: Debian's folders, copied, and systemctl as far as the role uses it.
FURNISH = """
for folder in /run /var/lib /var/cache /tmp; do mount -t tmpfs none $folder; done
mkdir -p /run/copy /run/knot /run/named /run/bin /var/lib/essaim
chmod 711 /var/lib/essaim; chown $USER_OF:$USER_OF /run/knot /run/named
for folder in /var/lib/$USER_OF /var/cache/$USER_OF /run/$USER_OF; do
  install -d -o $USER_OF -g $USER_OF $folder
done
cp -a $ETC /run/copy/; mount --bind /run/copy/${ETC##*/} $ETC
ip link set lo up
cat >/run/bin/systemctl <<'END'
#!/bin/bash
verb=$1
active() { grep -q '^State:.[^Z]' /proc/$(cat /run/server.pid 2>/dev/null || echo none)/status 2>/dev/null; }
start() { setsid bash -c 'echo $$ >/run/server.pid; exec START' >/run/server.log 2>&1 </dev/null & sleep 0.7; active; }
stop() { if active; then kill $(cat /run/server.pid); while active; do sleep 0.05; done; fi; }
case $verb in
  is-active) active ;;
  start) active || start ;;
  stop) stop ;;
  restart) stop; start ;;
  reload) active && RELOAD ;;
  reload-or-restart) if active; then RELOAD; else start; fi ;;
esac
END
chmod 755 /run/bin/systemctl
"""


class Said(Exception):
    """What a script complained of."""


class Server:
    """A machine with one name server and no other; `put` does as `playbooks/library/release.py` does."""

    def __init__(self, software: Software, within: int) -> None:
        self.software = software
        self._within = within
        furnish = FURNISH.replace("START", software.start).replace("RELOAD", software.reload)
        self.run(f"USER_OF={software.user} ETC={software.etc}\n{furnish}\n{software.before}")

    def run(self, script: str, *arguments: str) -> str:
        """What a script says on the machine. Raises Said."""
        done = subprocess.run(
            ["nsenter", "-t", str(self._within), "-m", "-n", "-p", "bash", "--norc", "-euo", "pipefail", "-c", script,
             "release", *arguments],
            capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
            env={**os.environ, "PATH": "/run/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
        )  # fmt: skip
        if done.returncode:
            raise Said(done.stderr.strip() or done.stdout.strip())
        return done.stdout

    def put(self, texts: Mapping[str, str]) -> None:
        """Put a release in force."""
        name, own = self.software.artifact.name, self.software.user
        home, named = f"/var/lib/essaim/{name}", digest(texts)
        fresh = f"{home}/releases/{named}"
        former = self.run(f"readlink {home}/current || true").strip()
        self.run(f"mkdir -p {fresh}")
        for file, text in texts.items():
            self.run(f'printf %s "$2" > {fresh}/"$1"', file, text)
        self.run(f"chgrp -R {own} {home}; chmod -R u=rwX,g=rX,o= {home}")
        files = ROLES / name / "files"
        self.run((files / "check.sh").read_text(), fresh)
        path = self.software.path
        self.run(
            f"ln -sfn releases/{named} {home}/current"
            + (f"; ln -sfn {home}/current/{CONFIGURATION} {path}" if path else "")
        )
        self.run((files / "tell.sh").read_text(), fresh, f"{home}/{former}" if former else "", "hitless")

    def diff(self, wanted: Mapping[str, str]) -> str:
        """What the machine holds against what is wanted, by the artifact's own look."""
        artifact = self.software.artifact
        return unified(artifact.observed(self.run(artifact.observation.script)), wanted)

    def ask(self, *question: str) -> list[str]:
        """The answer section, a row each; asked again for a moment until there is one."""
        for _ in range(20):
            said = self.run(
                'kdig +short +timeout=1 +retry=1 @127.0.0.1 "$@" 2>/dev/null || true', *question
            ).splitlines()
            if said and not said[0].startswith(";"):
                break
            time.sleep(0.2)
        return said

    def serial(self, zone: str) -> int:
        """The serial that the server gives."""
        return int(self.ask(zone, "SOA")[0].split()[2])


def golden(artifact: Dns) -> dict[str, str]:
    folder = ROOT / "tests" / "golden" / artifact.name / artifact.platform
    texts = {path.name: path.read_text() for path in folder.iterdir()}
    # Those who copy our zones are not here: a server that waits for their answer would only be slower.
    plain = "".join(
        row for row in texts[CONFIGURATION].splitlines(keepends=True) if "notify" not in row
    )  # fmt: skip
    return {**texts, CONFIGURATION: plain}


@pytest.fixture(params=SOFTWARE)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    software = SOFTWARE[request.param]
    if os.getuid() != 0 or any(shutil.which(one) is None for one in (software.program, "kdig", "unshare")):
        pytest.skip(f"needs root, {software.program} and kdig")
    holder = subprocess.Popen(["unshare", "-mnpf", "--kill-child", "--mount-proc", "sleep", "120"])
    try:
        children = Path(f"/proc/{holder.pid}/task/{holder.pid}/children")
        until = time.monotonic() + 5
        while not (within := children.read_text().split()) and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.1)
        yield Server(software, int(within[0]))
    finally:
        holder.kill()
        holder.wait()


def test_the_server_says_what_members_and_machines_are_called_and_numbers_what_differs(server: Server) -> None:
    texts = golden(server.software.artifact)
    server.put(texts)
    assert server.diff(texts) == ""
    assert server.ask("-x", "198.51.100.2") == ["serveur.membre.example."]
    assert server.ask("-x", "2001:db8:100:200::25") == ["mail.membre.example."]
    assert server.ask("17.113.0.203.in-addr.arpa", "CNAME") == ["17.16-23.113.0.203.in-addr.arpa."]
    assert server.ask("core0.vpn.reseau.asso.example", "AAAA") == ["2001:db8::4"]
    first, still = server.serial(V4), server.serial("reseau.asso.example")
    assert abs(first - time.time()) < 60

    more = {**texts, f"{V4}.zone": texts[f"{V4}.zone"] + "3 PTR autre.membre.example. ; L0003\n"}
    time.sleep(1.1)
    server.put(more)
    assert server.ask("-x", "198.51.100.3") == ["autre.membre.example."]
    assert server.diff(more) == ""
    assert server.diff(texts) != ""
    assert server.serial(V4) > first
    assert server.serial("reseau.asso.example") == still

    fewer = {name: text for name, text in more.items() if not name.startswith("113.")}
    fewer[CONFIGURATION] = without_zone(fewer[CONFIGURATION], "113.0.203.in-addr.arpa")
    server.put(fewer)
    assert server.diff(fewer) == ""
    assert server.ask("-x", "198.51.100.3") == ["autre.membre.example."]


def without_zone(text: str, zone: str) -> str:
    """A server's configuration without one zone, whichever server's it is."""
    rows, kept, inside = text.splitlines(keepends=True), [], False
    for rank, row in enumerate(rows):
        begins = "domain:" in row or row.startswith("zone")
        if begins:
            following = row + (rows[rank + 1] if rank + 1 < len(rows) and "name:" in rows[rank + 1] else "")
            inside = zone in following
        if not inside:
            kept.append(row)
    return "".join(kept)


def test_a_zone_that_would_not_load_is_refused_and_what_is_done_by_hand_is_seen(server: Server) -> None:
    texts = golden(server.software.artifact)
    server.put(texts)
    wrong = {**texts, f"{V4}.zone": texts[f"{V4}.zone"] + "4 PTR\n"}
    with pytest.raises(Said, match=V4):
        server.put(wrong)
    assert server.ask("-x", "198.51.100.2") == ["serveur.membre.example."]
    assert server.diff(texts) == ""

    folder = "/var/lib/essaim/knot/current" if server.software.path.startswith("/etc/knot") else (
        f"/var/lib/{server.software.user}/essaim"
    )  # fmt: skip
    server.run(f"echo '99 PTR by.hand.example.' >> {folder}/{V4}.zone; systemctl stop x")
    rows = [row for row in server.diff(texts).splitlines() if row[0] in "+-" and row[:3] not in ("+++", "---")]
    assert "-99 PTR by.hand.example." in rows
    assert "-# the server does not run" in rows

"""The shell scripts that work on a FRR router, for its own POSIX shell, as root.

Each receives a configuration on its standard input and keeps it in a private folder of the machine's
memory, which goes however the script ends. A broken connection does not stop one half-way: what it began
it finishes alone. `$1` is the length of the configuration in bytes, so that one cut short while it
was sent is never taken for a shorter one.
"""

from __future__ import annotations

from typing import Final

RUNNING: Final = "show running-config no-header"

REFUSED: Final = 65
"""Exit status: FRR will not have this configuration; what was in force is."""
NOT_BEGUN: Final = {
    69: "FRR does not answer",
    70: "no room in /run",
    74: "the configuration came in part only",
    75: "another commit is under way, or waits to be confirmed",
}
"""Exit statuses of a script that changed nothing, and why."""

_RECEIVE: Final = f"""
umask 077
reload=/usr/lib/frr/frr-reload.py
startup=/etc/frr/frr.conf
show() {{ timeout 30 vtysh -c '{RUNNING}'; }}
folder=$(mktemp -d /run/essaim-frr.XXXXXXXX) && cd "$folder" || exit 70
trap 'cd /; rm -rf "$folder"' EXIT
trap 'exit 143' INT TERM
trap '' HUP PIPE
head -c "$1" > candidate
[ "$(wc -c < candidate)" -eq "$1" ] || exit 74
# FRR 8.4 bears the machine's name, whatever it is told: a candidate has the one that runs, for nothing to differ.
{{ show | grep '^hostname '; sed '/^hostname /d' candidate; }} > named && mv named candidate
"""

CHECK: Final = f"""{_RECEIVE}
timeout 60 vtysh -m -f candidate > /dev/null 2> said &&
    timeout 60 vtysh -C -f candidate > said 2>&1 || {{ cat said; exit {REFUSED}; }}
"""
"""Whether FRR can read it. Prints what it says if not, with status REFUSED."""

# A candidate that cannot be read still gets a difference, one that removes everything.
COMPARE: Final = f"""{_RECEIVE}
show > running || exit 69
timeout 120 "$reload" --test --log-level warning candidate > difference 2> said &&
    ! grep -q 'failed to process' said || {{ cat said; exit {REFUSED}; }}
cat difference; printf '\\0'; cat running
"""
"""Prints frr-reload's difference, a NUL, the running configuration; or what FRR says, with status REFUSED."""

HOME: Final = "/var/lib/essaim/router"
"""Where the machine's own switch keeps what it needs; its lock is FRR's too: commits and undoings take turns."""

# frr-reload gives each removal to vtysh as an argument, for all on the machine to see: lines that hold
# a secret are removed first, by a file. It may need two turns, since a default that changes adds or hides
# lines.
_REPLACE: Final = """
with_secrets() {
    awk '/^Lines To Add/ { exit }
        { match($0, /^ */); above[RLENGTH] = $0; depth = RLENGTH }
        /^ *no .*(password|secret|key|md5|auth)/ { for (i = 0; i <= depth; i++) print above[i] }' "$1"
}
replace() {
    for turn in first second last; do
        timeout 120 "$reload" --test --log-level warning "$1" > difference 2>> said || return 1
        grep -q . difference || return 0
        [ $turn = last ] && return 1
        with_secrets difference > removed
        [ -s removed ] && timeout 60 vtysh -f removed >> said 2>&1
        timeout 240 "$reload" --reload --stdout --log-level warning --rundir "$(pwd)" "$1" >> said 2>&1
        # Only what is read as FRR starts, or this, has it ask the RPKI caches that it was told of.
        ! grep -q '^rpki' "$1" || timeout 30 vtysh -c 'rpki start' >> said 2>&1
    done
}
"""

# The start-up file first: should the machine stop in between, it begins with what was there. frr-reload saves
# whatever it reached, so the file is put back a second time.
_UNDO: Final = f"""#!/bin/sh
# Puts back the configuration of FRR that was in force before the change beside this file.
umask 077
reload=/usr/lib/frr/frr-reload.py
startup=/etc/frr/frr.conf
{_REPLACE}
restore() {{
    [ -e startup ] || return 0
    cp -p $startup $startup.essaim && cat startup > $startup.essaim && mv -f $startup.essaim $startup
}}
: > said
restore
if [ "$1" = boot ] && ! systemctl is-active --quiet frr; then exit 0; fi
replace before && restore || {{ cat said; exit 66; }}
"""

COMMIT: Final = f"""{_RECEIVE}
: > said; : > difference
mkdir -p -m 0711 {HOME.rpartition("/")[0]}; mkdir -p -m 0750 {HOME}
exec 9< {HOME} && flock -w 60 9 || exit 75
{_REPLACE}
merge() {{ timeout 240 vtysh -f "$1" >> said 2>&1; }}
save() {{
    timeout 30 vtysh -c 'write memory' > saved 2>&1; grep -qF '[OK]' saved || {{ cat saved >> said; return 1; }}
    # FRR 8.4 has the kernel forward as it loads, and writes nothing of it down: after a boot it would not.
    for family in ip ipv6; do
        grep -q "^no $family forwarding" $startup || sed -i "/^frr defaults/a $family forwarding" $startup
    done
}}
show > before || exit 69
back=$(mktemp -d {HOME}/undo-XXXXXXXX) && cp before "$back" || exit 70
trap 'cd /; rm -rf "$folder" "$back"' EXIT
if [ -e $startup ]; then cat $startup > "$back/startup"; fi
cat > "$back/undo" <<'ESSAIM_UNDO'
{_UNDO}ESSAIM_UNDO
if [ "$3" -gt 0 ]; then
    essaim-undo arm router "$4" "$3" "$back" || exit 75
elif [ -e {HOME}/pending ]; then
    exit 75
fi
if "$2" candidate && save; then
    if [ "$3" -gt 0 ]; then essaim-undo begun router "$3" || exit 66; fi
    cat before; exit 0
fi
cp difference remaining
if [ "$3" -gt 0 ]; then essaim-undo back router 'the daemon refused it' || {{ cat said; exit 66; }}
else (cd "$back" && sh undo now) || {{ cat said; exit 66; }}; fi
cat said; printf '\\0'; cat remaining; exit {REFUSED}
"""
"""Put it in force and save it; `$2` says how: `replace` all there is, or `merge` into it.

`$3`, where it is not 0, is after how many seconds the machine undoes it by itself, and `$4` the name under which it is
to be confirmed. Prints what was in force before. With status REFUSED, FRR's words, a NUL, and the difference that
remained. With any other, the former configuration may not be in force.
"""

CONFIRM: Final = """
read_wanted='import json, sys; print(json.load(sys.stdin)["pending"].get("wanted", ""))'
wanted=$(essaim-undo state router | python3 -c "$read_wanted")
[ -n "$wanted" ] || exit 1
essaim-undo confirm router "$wanted" | grep -q '"end": "confirmed"'
"""
"""Keep what waits, whatever its name; fails when nothing does, or when it was undone meanwhile."""

WAITS: Final = f"[ -e {HOME}/pending ] && echo waits || true"
"""Says `waits` where a commit waits for its confirmation."""

SHIP: Final = """
umask 022
program=/usr/local/sbin/essaim-undo
fresh=$(mktemp "$program.XXXXXXXX") || exit 70
head -c "$1" > "$fresh"
[ "$(wc -c < "$fresh")" -eq "$1" ] || { rm -f "$fresh"; exit 74; }
if cmp -s "$fresh" "$program"; then rm -f "$fresh"; exit 0; fi
chmod 755 "$fresh" && mv -f "$fresh" "$program" && "$program" install
"""
"""Put the switch's program on the machine, in one step, where another or none is there."""

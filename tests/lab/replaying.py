"""Agents of SNMPv2c that replay recordings, each on an address of the machine where this runs: a program of its own.

    {"community": "…", "agents": [{"address": "100.64.0.101", "recording": "….snmprec", "otherwise": {"1.3.6…": 42}}]}

comes on standard input; `otherwise` are whole numbers in the place of the recording's. Beside it lies
`tests/integration/snmp_agent.py`, wherever it runs.
"""

from __future__ import annotations

import json
import select
import socket
import sys
from pathlib import Path

import snmp_agent

TEXT, NAME = "4", "6"


def recorded(path: str, otherwise: dict[str, int]) -> snmp_agent.Table:
    """The objects of a recording: texts, names and whole numbers."""
    objects: dict[str, snmp_agent.Value] = {}
    for row in Path(path).read_text().splitlines():
        name, tag, text = row.split("|", 2)
        if tag == TEXT:
            objects[name] = 0x04, text.encode()
        elif tag == NAME:
            objects[name] = 0x06, snmp_agent.oid(text)[2:]
        else:
            value = snmp_agent.integer(otherwise.get(name, int(text)), int(tag))
            objects[name] = int(tag), value[2:]
    return snmp_agent.Table(objects)


def main() -> None:
    """Answer until the end."""
    given = json.load(sys.stdin)
    tables: dict[socket.socket, snmp_agent.Table] = {}
    for one in given["agents"]:
        bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        bound.bind((one["address"], 161))
        tables[bound] = recorded(one["recording"], one.get("otherwise", {}))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        for bound in select.select(list(tables), [], [])[0]:
            data, whom = bound.recvfrom(65_535)
            asked = snmp_agent.request(data)
            if asked.community == given["community"].encode():
                bound.sendto(snmp_agent.reply(asked, tables[bound].answer(asked)), whom)


if __name__ == "__main__":
    main()

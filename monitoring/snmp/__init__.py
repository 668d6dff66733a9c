"""SNMP: one engine, and what each part of a MIB says."""

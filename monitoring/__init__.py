"""What the machines say: measures over SNMP, and the connections of lines."""

"""What the carrier's own port says: SNMP polling in a process of its own, and traps."""

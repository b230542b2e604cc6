"""The objects that are read of a port (RFC 2863, IF-MIB), and what their numbers mean."""

from __future__ import annotations

from slamon.probes.snmp.asking import Oid

SYS_UPTIME: Oid = (1, 3, 6, 1, 2, 1, 1, 3, 0)
IF_NUMBER: Oid = (1, 3, 6, 1, 2, 1, 2, 1, 0)
TABLE_LAST_CHANGE: Oid = (1, 3, 6, 1, 2, 1, 31, 1, 5, 0)

_IF: Oid = (1, 3, 6, 1, 2, 1, 2, 2, 1)
_IFX: Oid = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)
DESCR: Oid = (*_IF, 2)
SPEED: Oid = (*_IF, 5)
ADMIN: Oid = (*_IF, 7)
OPER: Oid = (*_IF, 8)
LAST_CHANGE: Oid = (*_IF, 9)
IN_DISCARDS: Oid = (*_IF, 13)
IN_ERRORS: Oid = (*_IF, 14)
OUT_DISCARDS: Oid = (*_IF, 19)
OUT_ERRORS: Oid = (*_IF, 20)
NAME: Oid = (*_IFX, 1)
HC_IN_OCTETS: Oid = (*_IFX, 6)
HC_IN_UCAST: Oid = (*_IFX, 7)
HC_OUT_OCTETS: Oid = (*_IFX, 10)
HC_OUT_UCAST: Oid = (*_IFX, 11)
HIGH_SPEED: Oid = (*_IFX, 15)
ALIAS: Oid = (*_IFX, 18)
DISCONTINUITY: Oid = (*_IFX, 19)

IF_INDEX: Oid = (*_IF, 1)
# ENTITY-MIB (RFC 6933): by entPhysicalIndex and a logical index, the number of an object of what it stands for.
ENTITY_ALIAS: Oid = (1, 3, 6, 1, 2, 1, 47, 1, 3, 2, 1, 2)

# What inventories name interfaces by, in the order in which a name is looked for.
NAMES = (NAME, ALIAS, DESCR)
NAME_WORDS = {NAME: "ifName", ALIAS: "ifAlias", DESCR: "ifDescr"}

# Read at every poll. What else there is follows when one of these moves, and seldom otherwise.
OFTEN = (ADMIN, OPER, IN_ERRORS, OUT_ERRORS, IN_DISCARDS, OUT_DISCARDS)
SELDOM = (LAST_CHANGE, DISCONTINUITY, HIGH_SPEED, HC_IN_UCAST, HC_OUT_UCAST, HC_IN_OCTETS, HC_OUT_OCTETS)

ADMIN_WORDS = {1: "up", 2: "down", 3: "testing"}
OPER_WORDS = {1: "up", 2: "down", 3: "testing", 4: "unknown", 5: "dormant", 6: "notPresent", 7: "lowerLayerDown"}

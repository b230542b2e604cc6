"""What goes wrong on the way to an agent, in our words: each says what to look at, none holds a secret."""

from __future__ import annotations

from slamon.probes.snmp.asking import AgentError, Peer, TooBig, Trouble

# The library's name of an error (or of the report that the agent sent) -> what it means here.
_INDICATIONS = {
    "RequestTimedOut": (
        Trouble.TIMEOUT,
        "it does not answer: see to its address and port, {secret}, and filters on the way",
    ),
    "WrongDigest": (Trouble.AUTH_KEY, "it refuses our authentication: auth or auth_key of {section} is not its own"),
    "AuthenticationFailure": (
        Trouble.AUTH_KEY,
        "its answers are not signed with our key: auth or auth_key of {section} is not its own",
    ),
    "DecryptionError": (Trouble.PRIV_KEY, "it cannot decrypt us: priv or priv_key of {section} is not its own"),
    "EncryptionError": (Trouble.PRIV_KEY, "this system cannot encrypt as priv of {section} asks"),
    "UnknownUserName": (Trouble.USER, "it does not know the user of {section}"),
    "UnknownSecurityName": (Trouble.USER, "it does not know the user of {section}"),
    "UnsupportedSecurityLevel": (Trouble.LEVEL, "it does not let the user of {section} in with this auth and priv"),
    "NotInTimeWindow": (
        Trouble.TIME_WINDOW,
        "its engine time does not hold still: two devices may share one engine id, or its clock is broken",
    ),
    "UnknownEngineID": (Trouble.TIME_WINDOW, "it does not know the engine id that it told us itself"),
    "NoSuchContext": (Trouble.CONTEXT, "it does not know the context of {section}"),
    "UnknownContextName": (Trouble.CONTEXT, "it does not know the context of {section}"),
    "UnavailableContext": (Trouble.CONTEXT, "it does not offer the context of {section}"),
}

# error-status of RFC 3416
_TOO_BIG = 1
_STATUS = {
    2: "noSuchName",
    3: "badValue",
    4: "readOnly",
    5: "genErr",
    6: "noAccess",
    13: "resourceUnavailable",
    16: "authorizationError",
}
_ACCESS = (6, 16)


def agent_error(indication: object, peer: Peer, *, heard: bool = False) -> AgentError:
    """Return the error for what the library said; `heard` tells that something came which it made nothing of."""
    name = type(indication).__name__ if not isinstance(indication, str) else indication
    if name == "TooBig":
        return TooBig()
    if name == "RequestTimedOut" and heard:
        return AgentError(Trouble.MALFORMED, "what it answers is no SNMP message that belongs to our question")
    # Many agents drop what they cannot decrypt, or a context that they do not have, without a word.
    v3 = "user or the context" if peer.credential.priv is None else "user, the priv_key or the context"
    secret = "community" if peer.credential.version == "2c" else v3
    section = f"[snmp.{peer.credential.name}]"
    trouble, words = _INDICATIONS.get(name, (Trouble.AGENT, f"the exchange failed ({name})"))
    return AgentError(trouble, words.format(section=section, secret=f"the {secret} of {section}"))


def status_error(status: int, number: int = 0) -> AgentError:
    """Return the error for the error-status of an answer, and its error-index."""
    if status == _TOO_BIG:
        return TooBig()
    name = _STATUS.get(status, f"error {status}")
    if status in _ACCESS:
        hint = f"it does not let us read these objects ({name}); give the user a view of IF-MIB"
        return AgentError(Trouble.ACCESS, hint, number)
    return AgentError(Trouble.AGENT, f"it says {name}", number)

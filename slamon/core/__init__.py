"""What slamon decides: pure functions over frozen values.

Nothing here reads a clock, a file, the environment or a socket. Time is an argument, instants are aware
datetimes in UTC, and what is decided once is decided the same way live, in replay and in a report.
"""

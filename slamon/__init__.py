"""Watches dedicated lines, runs their SLA clocks and computes what an outage costs."""

__version__ = "0.1.0"

"""`slamon uninstall` (`slamon.cli.install`)."""

from slamon.cli.install import uninstall as command

__all__ = ["command"]

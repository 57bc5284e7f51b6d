"""Where people read what a command says."""

from __future__ import annotations

from rich.console import Console

_PIPED_WIDTH = 132


def output() -> Console:
    """Standard output: as wide as the terminal, or wide enough for our tables when it goes elsewhere."""
    console = Console()
    return console if console.is_terminal else Console(width=_PIPED_WIDTH)

"""The person at the terminal, for `init`'s questions."""

from __future__ import annotations

import sys

import typer

__all__ = ["Terminal"]


class Terminal:
    """Asks on the terminal; a script, whose input is none, is never asked."""

    @property
    def present(self) -> bool:
        """Somebody can answer."""
        return sys.stdin.isatty()

    def ask(self, question: str, default: str = "", *, hidden: bool = False) -> str:
        """Return the answer to a question; a hidden one is not echoed."""
        answer: str = typer.prompt(
            question, default=default, hide_input=hidden, show_default=bool(default)
        )
        return answer

    def say(self, text: str) -> None:
        """Tell something."""
        typer.echo(text)

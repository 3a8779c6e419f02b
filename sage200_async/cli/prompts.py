"""What is asked of the person at the terminal; without one, which option answers them."""

from __future__ import annotations

import sys

import click


def is_interactive() -> bool:
    """Whether there is a person to ask: standard input is a terminal."""
    return sys.stdin is not None and sys.stdin.isatty()


def ask(prompt: str, option: str = "", *, hidden: bool = False) -> str:
    """Ask, and return the answer; where *hidden*, it is not shown, and may be empty.

    Raises:
        click.UsageError: There is nobody to ask; the message names the *option*.
    """
    if not is_interactive():
        message = f"{option} is missing, and standard input is no terminal to ask on."
        raise click.UsageError(message)
    default = "" if hidden else None
    answer: str = click.prompt(
        prompt, default=default, hide_input=hidden, show_default=False, err=True
    )
    return answer.strip()


def confirmed(prompt: str) -> bool:
    """Ask what is to be answered by yes or no; no is the default."""
    return click.confirm(prompt, err=True)

"""``sage200 completion``: resources, fields and options are completed by the shell."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
)

from sage200_async.catalog import Endpoints
from sage200_async.odata.fields import Field
from sage200_async.odata.namespaces import expandable_names, names_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import click

    from sage200_async.odata.namespaces import Fields

_VARIABLE: Final = "_SAGE200_COMPLETE"
# Which click reads of a program that is called sage200.

_POWERSHELL: Final = """\
Register-ArgumentCompleter -Native -CommandName %(prog_name)s -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $before = $commandAst.CommandElements |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { $_.Extent.Text }
    $env:COMP_WORDS = $before -join "`n"
    $env:COMP_CWORD = $wordToComplete
    $env:%(complete_var)s = 'powershell_complete'
    try {
        %(prog_name)s | ForEach-Object {
            $value, $help = $_ -split "`t", 2
            if (-not $help) { $help = $value }
            [System.Management.Automation.CompletionResult]::new(
                $value, $value, 'ParameterValue', $help)
        }
    } finally {
        Remove-Item Env:COMP_WORDS, Env:COMP_CWORD, Env:%(complete_var)s
    }
}
"""


@add_completion_class
class PowerShellComplete(ShellComplete):
    """Completion for PowerShell 5 and 7, which click does not have."""

    name = "powershell"
    source_template = _POWERSHELL

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the cursor, without the program, and the last."""
        words = os.environ["COMP_WORDS"].split("\n")
        return [word.strip("\"'") for word in words[1:]], os.environ["COMP_CWORD"]

    def format_completion(self, item: CompletionItem) -> str:
        """Return the value and its help on one line."""
        return f"{item.value}\t{(item.help or '').replace(chr(10), ' ')}"


class _FishComplete(FishComplete):
    """click's own cuts a value, or its help, at its second comma."""

    source_template = FishComplete.source_template.replace(
        'string split ","', 'string split --max 1 ","'
    )


_SHELLS: Final[dict[str, type[ShellComplete]]] = {
    "bash": BashComplete,
    "zsh": ZshComplete,
    "fish": _FishComplete,
    "powershell": PowerShellComplete,
}
SHELLS: Final = tuple(_SHELLS)


def completion_script(shell: str, command: click.Command) -> str:
    """Return what the shell runs at its start."""
    completion = _SHELLS[shell](command, {}, "sage200", _VARIABLE)
    # Bash's own method runs bash, to warn where it is older than 4.4.
    return ShellComplete.source(completion)


def complete_resource(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the names of resources that can be listed."""
    return [
        CompletionItem(name)
        for name, endpoint in Endpoints.endpoints().items()
        if name.startswith(incomplete) and "list" in endpoint.verbs
    ]


def complete_any_resource(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the names of resources with any operation."""
    return [
        CompletionItem(name)
        for name, endpoint in Endpoints.endpoints().items()
        if name.startswith(incomplete) and endpoint.verbs
    ]


def complete_fields(
    context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the list of fields with its last one completed."""
    names = (
        name
        for namespace in _namespaces(context)
        for name, kind in names_of(namespace).items()
        if issubclass(kind, Field)
    )
    return _last_of_list(incomplete, names)


def complete_related(
    context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the list of related records with its last one completed."""
    names = (n for one in _namespaces(context) for n in expandable_names(one))
    return _last_of_list(incomplete, names)


def _last_of_list(incomplete: str, names: Iterable[str]) -> list[CompletionItem]:
    before, comma, last = incomplete.rpartition(",")
    used = before.split(",")
    return [
        CompletionItem(f"{before}{comma}{name}")
        for name in dict.fromkeys(names)
        if name.startswith(last) and name not in used
    ]


def _namespaces(context: click.Context) -> Iterator[type[Fields]]:
    """Yield the fields of the resources that are on the command line so far."""
    params: dict[str, Any] = context.params
    # Where an option has no value yet, click leaves the arguments unparsed.
    named = [params.get("resource"), *(params.get("resources") or ()), *context.args]
    for name in named:
        endpoint = Endpoints.endpoints().get(str(name))
        if endpoint is not None and endpoint.record is not None:
            yield type(endpoint.record.fields)

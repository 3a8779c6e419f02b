"""Decides the rules of inputs, and renders them as tables that are loaded late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sage200_async._codegen.names import camel
from sage200_async._codegen.overrides import OverrideError
from sage200_async._codegen.render import NOTICE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sage200_async._codegen.inputs import Input
    from sage200_async._codegen.overrides import Overrides

_RULES: Final = ("required", "read-only", "length")
_PACKED: Final = 70
# Characters of a line of a table.


def rules_module(inputs: Iterable[Input], area: str, overrides: Overrides) -> str:
    """Return the module of the rules of one area."""
    entries = [_entry(written, overrides) for written in inputs if written.area == area]
    doc = f"Rules of the inputs of the `{area}` document: see `query.input_rules`."
    body = f"RULES: Final = {{\n{''.join(entries)}}}\n"
    return f'"""{doc}\n\n{NOTICE}\n"""\n\nfrom typing import Final\n\n{body}'


def _entry(written: Input, overrides: Overrides) -> str:
    """Return the columns of one record, "" without any.

    They are: required, read-only, lengths, decimal places.

    Raises:
        OverrideError: A rule is enforced that there is not.
    """
    required = [field.name for field in written.names if field.required]
    lengths = {field.name: field.length for field in written.names if field.length}
    names = {
        "required": required,
        "read-only": list(written.read_only),
        "length": list(lengths),
    }
    enforced = _enforced(written.record, names, overrides)
    columns = [
        [
            f"{name}{f':{lengths[name]}' if rule == 'length' else ''}"
            f"{'!' * ((rule, name) in enforced)}"
            for name in names[rule]
        ]
        for rule in _RULES
    ]
    columns.append([f"{f.name}:{f.places}" for f in written.names if f.places])
    if not any(columns):
        return ""
    return f'    "{camel(written.record)}": ({", ".join(map(_packed, columns))}),\n'


def _enforced(
    record: str, names: dict[str, list[str]], overrides: Overrides
) -> set[tuple[str, str]]:
    """Return the rules that a source shows to hold, each with its field."""
    enforced: set[tuple[str, str]] = set()
    for rule in overrides.names("enforced", record):
        _require(names.get(rule), record, rule)
        enforced |= {(rule, name) for name in names[rule]}
    for name, _ in overrides.below("enforced", record):
        where = f"{record}.{name}"
        for rule in overrides.names("enforced", where):
            _require(name in names.get(rule, ()), where, rule)
            enforced.add((rule, name))
    return enforced


def _require(rule_exists: object, where: str, rule: str) -> None:
    if not rule_exists:
        raise OverrideError(f"{where}: there is no rule {rule!r}")


def _packed(words: list[str]) -> str:
    """Return *words* as one text, in lines that are not too long."""
    lines = [""]
    for word in words:
        if len(lines[-1]) + len(word) > _PACKED:
            lines.append("")
        lines[-1] += f"{word} "
    lines[-1] = lines[-1].rstrip()
    quoted = "\n".join(f'"{line}"' for line in lines)
    return f"({quoted})" if len(lines) > 1 else quoted

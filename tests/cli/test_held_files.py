"""Files of an export that another program holds, as Excel does on Windows."""

from pathlib import Path
from typing import Any

import pytest


def test_an_export_names_the_file_and_leaves_it(
    tmp_path: Path,
    sage200: Any,
    signed_in: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The old file stays, the message says what to do, and the next run ends it."""
    arguments = ("export", "suppliers", "--to", str(tmp_path), "--format", "csv")
    sage200(*arguments, "--select", "id,name", env=signed_in)
    held = tmp_path / "suppliers.csv"
    old = held.read_bytes()
    real = Path.replace

    def replaced(self: Path, target: Path) -> Path:
        if target == held:
            raise PermissionError(13, "Permission denied", str(self), None, str(target))
        return real(self, target)

    again = (*arguments, "--select", "id,name", "--overwrite")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", replaced)
        failed = sage200(*again, env=signed_in, code=1)
    assert f"{held}: cannot be written: Permission denied; if Excel" in failed.stderr
    assert held.read_bytes() == old
    sage200(*again, env=signed_in)
    assert held.read_bytes() == old
    verified = ("verify", "suppliers", "--to", str(tmp_path), "--select", "id,name")
    sage200(*verified, env=signed_in)

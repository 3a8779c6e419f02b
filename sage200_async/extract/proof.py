"""Whether the rows that are staged are those of a certificate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from sage200_async.errors import SinkError

if TYPE_CHECKING:
    from sage200_async.extract.checkpoint import Checkpoint
    from sage200_async.paging.certificate import Certificate


def proved(
    name: str, certificate: Certificate, checkpoint: Checkpoint | None, staged: int
) -> Certificate:
    """Return the certificate of the rows that are staged.

    Args:
        name: The name of the table, or of the journal, in messages.
        certificate: Of the records that were read.
        checkpoint: Of the read.
        staged: Rows of the resource's own table.

    Returns:
        The certificate, in which records that were set aside count as rejected.

    Raises:
        SinkError: They are not those of the certificate.
    """
    if checkpoint is None:
        raise SinkError(f"{name}: no read was started; call begin() first")
    if not checkpoint.complete:
        gaps = ", ".join(f"{gap.low + 1} to {gap.high}" for gap in checkpoint.missing)
        raise SinkError(f"{name}: keys are missing: {gaps}; run again to read them")
    if staged + checkpoint.set_aside != certificate.records:
        message = (
            f"{name}: the certificate names {certificate.records:,} records, but {staged:,} "
            f"rows were written and {checkpoint.set_aside:,} set aside; run again with "
            "--restart (restart=True)"
        )
        raise SinkError(message)
    rejected = certificate.rejected + checkpoint.set_aside
    return replace(certificate, records=staged, rejected=rejected)

"""Export a resource to Parquet, interrupt it, resume it, and look at the certificate.

Files appear only when they are complete. What was read before the interruption is not
read again.
"""

import asyncio
import json
import tempfile
from pathlib import Path

from sage200_async import Sage200Client
from sage200_async.errors import Sage200Error
from sage200_async.extract import Extraction, export, files_at
from sage200_async.sandbox import Sandbox
from sage200_async.sandbox.server.faults import Fault


async def main(folder: Path) -> None:
    async with (
        Sandbox(records={"customers": 6_000}) as sandbox,
        Sage200Client(sandbox.settings) as client,
    ):
        query = client.customers.page_size(500)
        extraction = Extraction(name="customers", query=query)
        sandbox.faults.extend([*[None] * 6, Fault(status=403)])
        try:
            await export(client, extraction, files_at(folder, "parquet"), workers=4)
        except Sage200Error as error:
            print("interrupted:", error)
        assert not (folder / "customers.parquet").exists()
        sandbox.faults.clear()
        certificate = await export(client, extraction, files_at(folder, "parquet"))
        print(
            f"{certificate.records} records, {certificate.proof} {certificate.max_key}"
        )
    manifest = json.loads((folder / "customers.manifest.json").read_text("utf-8"))
    print([(file["name"], file["sha256"][:8]) for file in manifest["files"]])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(main(Path(name)))

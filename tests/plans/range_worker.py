"""A process that reads one range of a plan, as a worker of an engine would.

Its arguments: a file with pickled settings and the range as JSON; the file for the
records and the certificate; and after how many batches it stalls, 0 for never. It
prints a line for each batch.
"""

import asyncio
import pickle
import sys
from pathlib import Path

from sage200_async import ReadRange, Sage200Client


async def main(task, result, stall):
    settings, written = pickle.loads(task.read_bytes())
    key_range = ReadRange.from_json(written)
    records, batches = [], 0
    async with (
        Sage200Client(settings) as client,
        client.read_range(key_range, workers=2) as reading,
    ):
        async for batch in reading.batches():
            records += batch.records
            batches += 1
            print("batch", flush=True)
            if batches == stall:
                await asyncio.sleep(3600)
    result.write_bytes(pickle.dumps((records, reading.certificate)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))

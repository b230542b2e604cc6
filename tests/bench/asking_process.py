"""A process of its own: asks blackbox_exporter to ping targets at a pace; prints how many it asked and was answered."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from itertools import count

from tests.bench import fleet

WORKERS = 60
TARGETS = 2000


class Asking:
    """Requests in turn over connections that stay open."""

    def __init__(self, per_s: int, for_s: float) -> None:
        self.asked = self.answered = 0
        self._began = time.monotonic()
        self._turns: Iterator[int] = count()
        self._per_s, self._last = per_s, round(per_s * for_s)

    async def work(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", 9115)
        while (turn := next(self._turns)) < self._last:
            await asyncio.sleep(self._began + turn / self._per_s - time.monotonic())
            target = fleet.address(turn % TARGETS)
            writer.write(f"GET /probe?module=icmp&target={target} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
            self.asked += 1
            body = await _body(reader)
            self.answered += b"\nprobe_success 1" in body
        writer.close()


async def _body(reader: asyncio.StreamReader) -> bytes:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b"content-length:" in head:
        return await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n")[0]))
    parts = []
    while size := int(await reader.readline(), 16):
        parts.append(await reader.readexactly(size))
        await reader.readline()
    await reader.readline()
    return b"".join(parts)


async def main(per_s: int, for_s: float) -> None:
    asking = Asking(per_s, for_s)
    await asyncio.gather(*(asking.work() for _ in range(WORKERS)))
    print(json.dumps({"asked": asking.asked, "answered": asking.answered}))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))

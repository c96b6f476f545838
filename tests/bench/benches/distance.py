"""A relay on loopback that makes servers far away, without rights that netem would need.

A connection is held for one round trip, as TCP's handshake would, and whatever is sent arrives half
a round trip later. Bandwidth isn't limited, and nothing is lost.
"""

import asyncio
import threading

ADDRESS = "127.0.0.1"
CHUNK = 65536


class Distance:
    """`round_trip` is in seconds and may be changed between requests."""

    def __init__(self):
        self.round_trip = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def lead_to(self, port):
        """The port from which this one is so far away."""
        return asyncio.run_coroutine_threadsafe(self._listen(port), self._loop).result()

    async def _end(self):
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self, port):
        async def relay(reader, writer):
            await asyncio.sleep(self.round_trip)
            far_reader, far_writer = await asyncio.open_connection(ADDRESS, port)
            await asyncio.gather(self._carry(reader, far_writer), self._carry(far_reader, writer))

        server = await asyncio.start_server(relay, ADDRESS, 0, backlog=1024)
        return server.sockets[0].getsockname()[1]

    async def _carry(self, reader, writer):
        try:
            while True:
                data = await reader.read(CHUNK)
                await asyncio.sleep(self.round_trip / 2)
                if not data:
                    break
                writer.write(data)
        except ConnectionError:
            pass
        finally:
            writer.close()

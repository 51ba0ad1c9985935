"""Uptime checks a second and CPU seconds per 1,000, on fresh TLS connections to a server in a process of its own."""

from __future__ import annotations

import asyncio
import multiprocessing
import resource
import ssl
import tempfile
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from tasks.probe import Probe, probe_all

CHECKS = 1000


def run() -> Iterator[tuple[str, float, str]]:
    """Yield (what, value, unit); fails where the server saw fewer connections than checks were made."""
    with tempfile.TemporaryDirectory() as folder:
        certificates(Path(folder))
        ours, theirs = multiprocessing.Pipe()
        server = multiprocessing.get_context("spawn").Process(target=serve, args=(f"{folder}/server.pem", theirs))
        server.start()
        theirs.close()  # else a server that died would be waited for
        port = ours.recv()
        probe = Probe(url=f"https://localhost:{port}/", ca_file=str(Path(folder) / "ca.pem"))
        asyncio.run(probe_all([probe] * 20))
        before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
        results = asyncio.run(probe_all([probe] * CHECKS, concurrency=100))
        wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
        ours.send("stop")
        accepts = ours.recv() - 20
        server.join()
    assert all(tries[-1].outcome == "up" and tries[-1].certificate for tries in results)
    assert accepts >= CHECKS, f"only {accepts} connections for {CHECKS} checks"
    yield "uptime: checks a second, fresh TLS, phases and certificate", CHECKS / wall, "checks/s"
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    yield "uptime: CPU seconds per 1,000 checks", cpu * 1000 / CHECKS, "s"
    yield "uptime: connections the server saw for 1,000 checks", accepts, "count"


def certificates(folder: Path) -> None:
    """Write `ca.pem` and the `server.pem` that it signed, for localhost."""
    import trustme

    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    server = authority.issue_cert("localhost", key_type=trustme.KeyType.ECDSA)
    server.private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")


def serve(pem: str, pipe: Connection) -> None:
    """Serve TLS on a free port, which is sent first; once something comes back, send the connections accepted."""

    async def main() -> None:
        accepts = 0
        body = b"HTTP/1.1 200 OK\r\nContent-Length: 6000\r\nConnection: close\r\n\r\n" + b"x" * 6000

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal accepts
            accepts += 1
            await reader.readuntil(b"\r\n\r\n")
            writer.write(body)
            writer.close()

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        listener = await asyncio.start_server(handle, "localhost", 0, ssl=context, backlog=512)
        pipe.send(listener.sockets[0].getsockname()[1])
        await asyncio.get_running_loop().run_in_executor(None, pipe.recv)
        pipe.send(accepts)

    asyncio.run(main())


if __name__ == "__main__":
    for what, value, unit in run():
        print(f"{what:62} {value:12,.2f} {unit}")

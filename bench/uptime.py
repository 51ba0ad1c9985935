"""Uptime checks a second and CPU seconds per 1,000, on fresh TLS connections to a server in a process of its own.

Debian's blackbox_exporter makes the same checks in the same window, round about, where it is installed (package
prometheus-blackbox-exporter): its own CPU is compared, not that of whoever asks it. Goal: 0.75 of it or less. Beside
both stands the floor: handshakes alone, on buffers, with nothing of a network.

Each check has an address of its own, but all meet one certificate, whose names the prober reads once: with a
certificate each it takes a tenth more.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import resource
import shutil
import socket
import ssl
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from tasks.probe import Probe, probe_all

CHECKS = 1000
ROUNDS = 7
CONCURRENCY = 100
WARM_UP = 20
EXPORTER = "prometheus-blackbox-exporter"


def run() -> Iterator[tuple[str, float, str]]:
    """Yield (what, value, unit); fails where the server saw fewer connections than checks were made."""
    with tempfile.TemporaryDirectory() as folder, _server(Path(folder)) as (pipe, port), _exporter(folder) as exporter:
        url = f"https://localhost:{port}/"
        probes = [Probe(url=f"{url}{number}", ca_file=f"{folder}/ca.pem") for number in range(CHECKS)]
        asyncio.run(probe_all(probes[:WARM_UP]))
        _asked(exporter, url, WARM_UP)
        ours, walls, theirs, floors = [], [], [], []
        before = _accepts(pipe)
        for _ in range(ROUNDS):
            wall, cpu = _checked(probes)
            walls.append(wall)
            ours.append(cpu)
            floors.append(_handshakes(Path(folder)))
            before = _counted(pipe, before)
            if exporter:
                theirs.append(_asked(exporter, url, CHECKS))
                before = _counted(pipe, before)
    cpu = statistics.median(ours) * 1000 / CHECKS
    yield "uptime: checks a second, fresh TLS, phases and certificate", CHECKS / statistics.median(walls), "checks/s"
    yield "uptime: CPU seconds per 1,000 checks", cpu, "s"
    floor = statistics.median(floors) * 1000 / CHECKS
    yield "uptime: CPU seconds per 1,000 handshakes alone", floor, "s"
    if theirs:
        other = statistics.median(theirs) * 1000 / CHECKS
        yield "uptime: CPU seconds per 1,000 checks of blackbox_exporter", other, "s"
        # By round: what else the machine does meanwhile slows both.
        ratios = sorted(mine / its for mine, its in zip(ours, theirs, strict=True))
        yield "uptime: ours to blackbox_exporter's own CPU (goal 0.75)", statistics.median(ratios), "ratio"
        yield "uptime: the same, lowest of the rounds", ratios[0], "ratio"
        yield "uptime: the same, highest of the rounds", ratios[-1], "ratio"
        yield "uptime: handshakes alone to blackbox_exporter's own CPU", floor / other, "ratio"
    else:
        yield f"uptime: {EXPORTER} is not installed, not compared", 0, "rounds"


def _checked(probes: Sequence[Probe]) -> tuple[float, float]:
    """Make the checks and return wall and CPU seconds."""
    before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    results = asyncio.run(probe_all(probes, concurrency=CONCURRENCY))
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
    assert all(tries[-1].outcome == "up" and tries[-1].certificate for tries in results)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _handshakes(folder: Path) -> float:
    """Return the CPU seconds that TLS itself takes from a client: handshakes, tickets and 6 kB over buffers."""
    ours = ssl.create_default_context(cafile=f"{folder}/ca.pem")
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(f"{folder}/server.pem")
    used = 0.0
    for _ in range(CHECKS):
        to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = ours.wrap_bio(to_client, to_server, server_hostname="localhost")
        server = theirs.wrap_bio(to_server, to_client, server_side=True)
        for step, is_client in (
            (client.do_handshake, True),
            (server.do_handshake, False),
            (client.do_handshake, True),
            (server.do_handshake, False),
            (partial(server.write, b"x" * 6000), False),
            (partial(client.read, 6000), True),
        ):
            start = time.process_time()
            with contextlib.suppress(ssl.SSLWantReadError):
                step()
            used += time.process_time() - start if is_client else 0
    return used


def _accepts(pipe: Connection) -> int:
    pipe.send("count")
    count: int = pipe.recv()
    return count


def _counted(pipe: Connection, before: int) -> int:
    now = _accepts(pipe)
    assert now - before >= CHECKS, f"only {now - before} connections for {CHECKS} checks"
    return now


def _asked(exporter: tuple[int, int] | None, url: str, count: int) -> float:
    """Let the exporter make the checks, over connections that are kept, and return its CPU seconds."""
    if exporter is None:
        return 0
    pid, port = exporter
    request = "GET /probe?module=page&target={}{} HTTP/1.1\r\nHost: localhost\r\n\r\n"

    async def ask(numbers: Iterator[int]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in numbers:
            writer.write(request.format(url, number).encode())
            head = await reader.readuntil(b"\r\n\r\n")
            if b"chunked" in head:
                body = await reader.readuntil(b"\r\n0\r\n\r\n")
            else:
                body = await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r")[0]))
            assert b"\nprobe_success 1\n" in body, body.decode()
        writer.close()

    async def ask_all() -> None:
        numbers = iter(range(count))
        await asyncio.gather(*(ask(numbers) for _ in range(min(CONCURRENCY, count))))

    before = _cpu_of(pid)
    asyncio.run(ask_all())
    return _cpu_of(pid) - before


def _cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def _exporter(folder: str) -> Iterator[tuple[int, int] | None]:
    """Run the exporter and yield its process and port; None where it is not installed."""
    program = shutil.which(EXPORTER) or shutil.which("blackbox_exporter")
    if program is None:
        yield None
        return
    config = Path(folder, "blackbox.yml")
    config.write_text(
        "modules: {page: {prober: http, timeout: 10s, http: "
        f"{{preferred_ip_protocol: ip4, fail_if_not_ssl: true, tls_config: {{ca_file: {folder}/ca.pem}}}}}}}}\n",
        encoding="utf-8",
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = [program, f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(100):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.1)
            yield process.pid, port
        finally:
            process.terminate()


@contextlib.contextmanager
def _server(folder: Path) -> Iterator[tuple[Connection, int]]:
    certificates(folder)
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(f"{folder}/server.pem", theirs))
    server.start()
    theirs.close()  # else a server that died would be waited for
    try:
        yield ours, ours.recv()
    finally:
        ours.send("stop")
        server.join()


def certificates(folder: Path) -> None:
    """Write `ca.pem` and the `server.pem` that it signed, for localhost."""
    import trustme

    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    server = authority.issue_cert("localhost", key_type=trustme.KeyType.ECDSA)
    server.private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")


def serve(pem: str, pipe: Connection) -> None:
    """Serve TLS on a free port, which is sent first; send the connections accepted for all that comes, until `stop`."""

    async def main() -> None:
        accepts = 0
        body = b"HTTP/1.1 200 OK\r\nContent-Length: 6000\r\nConnection: close\r\n\r\n" + b"x" * 6000

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal accepts
            accepts += 1
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                await reader.readuntil(b"\r\n\r\n")
                writer.write(body)
            writer.close()

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        listener = await asyncio.start_server(handle, "localhost", 0, ssl=context, backlog=512)
        pipe.send(listener.sockets[0].getsockname()[1])
        loop = asyncio.get_running_loop()
        while await loop.run_in_executor(None, pipe.recv) != "stop":
            pipe.send(accepts)
        with contextlib.suppress(BrokenPipeError):
            pipe.send(accepts)

    asyncio.run(main())

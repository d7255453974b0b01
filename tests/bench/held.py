"""Streams that stay open, and readers that are slow: what a proxy holds for them.

Few bytes pass, so plain sockets from here are fast enough.
"""
import glob
import socket
import time

from process_cost import resident_kib, with_children

PATIENCE_S = 20


def descriptors(pid):
    return sum(len(glob.glob(f"/proc/{at}/fd/*")) for at in with_children(pid))


def request(target, tool):
    body = ('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"%s","arguments":{},"_meta":{'
            '"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}' % tool)
    head = [f"POST {target.path} HTTP/1.1", f"Host: 127.0.0.1:{target.port}", "Content-Type: application/json",
            "Accept: application/json, text/event-stream", "MCP-Protocol-Version: 2026-07-28", "Mcp-Method: tools/call",
            f"Mcp-Name: {tool}", f"Content-Length: {len(body)}", *target.fields[:1]]
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode()


class Streams:
    """Open streams of one tool. With Streams(target, tool, count): ..."""

    def __init__(self, target, tool, count, receive_buffer=None):
        self.target, self.bytes, self.count, self.receive_buffer = target, request(target, tool), count, receive_buffer
        self.sockets = []

    def __enter__(self):
        while len(self.sockets) < self.count:
            batch = [self._open() for _ in range(min(100, self.count - len(self.sockets)))]
            self.sockets += batch
            for it in batch:
                self._first_event(it)
        return self

    def _open(self):
        it = socket.socket()
        if self.receive_buffer:
            it.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
        it.settimeout(PATIENCE_S)
        it.connect(("127.0.0.1", self.target.port))
        it.sendall(self.bytes)
        return it

    def _first_event(self, it):
        text = b""
        while b"\n\n" not in text.partition(b"data: ")[2]:
            got = it.recv(1024)
            if not got:
                raise RuntimeError(f"{self.target.name}: a stream ended after {text[-300:]!r}")
            text += got

    def read(self, bytes_each):
        """So much of each."""
        for it in self.sockets:
            left = bytes_each
            while left > 0:
                left -= len(it.recv(left)) or left

    def open_ones(self):
        """How many have not been ended by the other side."""
        alive = 0
        for it in self.sockets:
            it.setblocking(False)
            try:
                alive += len(it.recv(1, socket.MSG_PEEK)) > 0
            except BlockingIOError:
                alive += 1
            it.settimeout(PATIENCE_S)
        return alive

    def __exit__(self, *_):
        for it in self.sockets:
            it.close()


def until(condition):
    end = time.monotonic() + PATIENCE_S
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)


def hold_streams(target, count, foreground):
    """Memory and descriptors for each of `count` open streams; what `foreground()` says without and with them."""
    without = foreground()
    memory, files = resident_kib(target.pid), descriptors(target.pid)
    with Streams(target, "pause_600000", count) as streams:
        row = {"scenario": "held_streams", "target": target.name, "streams": count,
               "kib_each": round((resident_kib(target.pid) - memory) / count, 2),
               "descriptors_each": round((descriptors(target.pid) - files) / count, 2),
               "p50_us_without": without["p50_us"], "p99_us_without": without["p99_us"]}
        beside = foreground()
        row.update(p50_us_beside=beside["p50_us"], p99_us_beside=beside["p99_us"], still_open=streams.open_ones())
    until(lambda: descriptors(target.pid) < files + count / 10)
    row["kib_left_each"] = round((resident_kib(target.pid) - memory) / count, 2)
    return row


def read_slowly(target, readers=32, seconds=8):
    """Memory for each of `readers`, early and late, while a server sends as fast as it can and they read little."""
    memory, step = resident_kib(target.pid), 16 * 1024
    with Streams(target, "events_2000000", readers, receive_buffer=step) as streams:
        began, read, early = time.monotonic(), 0, None
        while time.monotonic() - began < seconds:
            streams.read(step)
            read += step
            time.sleep(0.02)
            if early is None and time.monotonic() - began > seconds / 4:
                early = resident_kib(target.pid)
        late = resident_kib(target.pid)
    return {"scenario": "slow_readers", "target": target.name, "streams": readers, "mib_read_each": round(read / 2**20, 1),
            "kib_each_early": round((early - memory) / readers, 1), "kib_each_late": round((late - memory) / readers, 1)}

"""A link to a Holdfast server that heals itself, in Python 3.9 and its standard library.

    python3 holdfast_client.py tcp://localhost:8080      the frame dialect, with another Holdfast
    python3 holdfast_client.py line://localhost:8080     lines, with any server that answers `ping`

It is a model for other languages: docs/protocol.md says what goes over the wire, holdfast_wire.py
reads and writes it, holdfast_connection.py keeps one connection, and this file dials again and
accounts for every message. One thread runs the link; `send` and `close` may be called from any.
"""
import argparse
import collections
import json
import os
import random
import select
import signal
import socket
import sys
import threading
from urllib.parse import urlsplit

from holdfast_connection import Connection, Ended, now_ms

BASE_MS, CAP_MS, LEAST_MS = 1_000, 60_000, 100
WINDOW_MS = 5_000  # over which clients return to a server that named no window
SERVER_SAYS_MS_MAX = 600_000
MESSAGE_COST_BYTES = 64  # what a message takes beside its bytes, so that empty ones are bounded, too
# docs/errors.md: after these, trying again unchanged cannot help.
FATAL = {"CLOSED_HERE", "REPLACED", "LINE_TOO_LONG", "MESSAGE_RECEIVED_TOO_LONG", "FRAME_INVALID",
         "HELLO_INVALID", "VERSION_UNSUPPORTED", "WRONG_DIALECT", "UNAUTHORIZED", "TURNED_AWAY"}


class Link:
    """Keeps a connection, waits, and dials again. `run` returns why it has ended for good.

    `on_event(name, facts)` hears of everything, `on_message(str or bytes)` of messages. Every
    message that was sent is told once: delivered, or undelivered with the connection that had it.
    """

    def __init__(self, url, *, interval_ms=30_000, answer_within_ms=None, attempts_max=10,
                 token=None, outbox_bytes_max=16 * 1024 * 1024, on_event=None, on_message=None):
        self.is_frame, self.address = _parse(url)
        for name, value in (("interval_ms", interval_ms), ("answer_within_ms", answer_within_ms)):
            if value is not None and not 10 <= value <= 86_400_000:
                raise ValueError(f"{name} is from 10 to 86400000 ms, and {value} is not")
        self.interval_ms, self.answer_within_ms = interval_ms, answer_within_ms
        self.attempts_max, self.token = attempts_max, token
        self.outbox_bytes_max = outbox_bytes_max
        self.on_event = on_event or (lambda name, facts: None)
        self.on_message = on_message or (lambda message: None)
        self.waiting = collections.deque()  # no byte of them was written
        self.held_bytes = self.sent_count = self.delivered_count = self.undelivered_count = 0
        self.previous = None
        self.is_closing = self.is_dialling = False
        self.lock = threading.Lock()
        self.wake, self._waker = socket.socketpair()
        self.wake.setblocking(False)
        self._waker.setblocking(False)

    def send(self, message):
        """Raises ValueError for what cannot be sent, and BufferError when too much waits."""
        if not self.is_frame:
            if not isinstance(message, str) or "\r" in message or "\n" in message:
                raise ValueError("a message of the line dialect is a str without a line break")
            if message in ("ping", "pong"):
                raise ValueError(f"{message!r} is a heartbeat and no message")
        cost = _cost(message)
        with self.lock:
            if self.is_closing:
                raise ValueError("the link is closing")
            if self.held_bytes + cost > self.outbox_bytes_max:
                raise BufferError(f"more than {self.outbox_bytes_max} bytes wait to be sent")
            self.held_bytes += cost
            self.sent_count += 1
            self.waiting.append(message)
        self._wake()

    def close(self):
        """What was sent is still delivered if it can be; then `run` returns."""
        self.is_closing = True
        self._wake()

    def run(self):
        dials = 0
        while True:
            dials += 1
            self.tell("connecting", attempt=dials)
            connection = Connection(self)
            self.is_dialling = True
            try:
                connection.live()
            except Ended as ended:
                self.is_dialling = False
                why = self._leave(connection, ended)
            if connection.online_at and self._lasted(connection):
                dials = 0
            is_fatal = why.code in FATAL or (connection.goaway or {}).get("retry") == "never"
            if not (is_fatal or self.is_closing) and dials >= self.attempts_max > 0:
                why = Ended("REDIAL_EXHAUSTED", f"{dials} dials in a row; the last: {why}")
                is_fatal = True
            if not (is_fatal or self.is_closing):
                wait_ms = self._wait_ms(connection, dials)
                self.tell("waiting", waitMs=round(wait_ms), code=why.code)
                self._sleep(wait_ms)
            if is_fatal or self.is_closing:
                return self._end(why)

    # For the connection.

    def take(self, bytes_max):
        """The next message, if one waits that the peer takes."""
        while self.waiting:
            message = self.waiting.popleft()
            if bytes_max is None or _size(message) <= bytes_max:
                return message
            self._undelivered([message], "MESSAGE_TOO_LONG")
        return None

    def delivered(self, message):
        with self.lock:
            self.held_bytes -= _cost(message)
            self.delivered_count += 1

    def tell(self, name, **facts):
        self.is_dialling = self.is_dialling and name != "online"
        self.on_event(name, facts)

    def drain_wakes(self):
        try:
            while self.wake.recv(4096):
                pass
        except BlockingIOError:
            pass  # Dry, which is what we want.

    # Between connections.

    def _leave(self, connection, ended):
        """Section 5.7: what was begun and not acknowledged is told, and not sent again by itself."""
        connection.settle_lines()
        if connection.is_fresh and connection.flight:
            self.waiting.appendleft(connection.flight.pop())
        if connection.sock:
            connection.sock.close()
        if connection.welcome:
            self.previous = {name: connection.welcome[name] for name in ("id", "secret")}
        code = "DRAINED" if connection.goaway and ended.code == "CLOSED_HERE" else ended.code
        if self.is_closing and ended.code == "CLOSED_BY_PEER":
            code = "CLOSED_HERE"
        why = Ended(code, ended.sentence)
        self.tell("connectionEnd", code=code, sentence=ended.sentence,
                  heardMsAgo=round(now_ms() - connection.heard_at))
        self._undelivered(connection.flight, code)
        return why

    def _undelivered(self, messages, code):
        if not messages:
            return
        with self.lock:
            self.held_bytes -= sum(map(_cost, messages))
            self.undelivered_count += len(messages)
        self.tell("undelivered", count=len(messages), code=code, messages=list(messages))

    def _lasted(self, connection):
        return now_ms() - connection.online_at >= max(30_000, 2 * connection.interval_ms)

    def _wait_ms(self, connection, dials):
        """Full jitter inside a cap that doubles; above it, what the server asked for."""
        cap_ms = min(CAP_MS, BASE_MS * 2 ** min(max(dials - 1, 0), 10))
        own_ms = random.uniform(LEAST_MS, cap_ms)
        goaway = connection.goaway
        if goaway:
            after_ms = min(goaway["afterMs"], SERVER_SAYS_MS_MAX)
            spread_ms = random.random() * min(goaway["spreadMs"], SERVER_SAYS_MS_MAX)
            if goaway["retry"] == "after":
                return max(own_ms if dials > 0 else 0, after_ms + spread_ms)
            return max(own_ms if dials > 1 else 0, spread_ms)
        if connection.online_at:  # All clients of a server lose it together: spread their return.
            named_ms = (connection.welcome or {}).get("reconnectWindowMs", WINDOW_MS)
            window_ms = min(named_ms, SERVER_SAYS_MS_MAX)
            return max(own_ms if dials > 0 else LEAST_MS, random.random() * window_ms)
        return own_ms

    def _sleep(self, wait_ms):
        until = now_ms() + wait_ms
        while not self.is_closing and (left_ms := until - now_ms()) > 0:
            select.select([self.wake], [], [], left_ms / 1000)
            self.drain_wakes()

    def _end(self, why):
        with self.lock:  # Nobody can send from here on.
            left, self.waiting = list(self.waiting), collections.deque()
            self.is_closing = True
        self._undelivered(left, why.code)
        self.wake.close()
        self._waker.close()
        self.tell("ended", code=why.code, sentence=why.sentence, sent=self.sent_count,
                  delivered=self.delivered_count, undelivered=self.undelivered_count)
        return why

    def _wake(self):
        try:
            self._waker.send(b"w")
        except OSError:
            pass  # It is awake enough, or has ended.


def _parse(url):
    """Whether the url means frames, and the address to dial."""
    try:
        parts = urlsplit(url)
        if parts.scheme in ("tcp", "line") and parts.hostname and parts.port:
            return parts.scheme == "tcp", (parts.hostname, parts.port)
    except ValueError:
        pass  # A port that is none, which the sentence below covers.
    raise ValueError(f"a url is tcp://host:port or line://host:port, and {url!r} is not")


def _size(message):
    return len(message.encode() if isinstance(message, str) else message)


def _cost(message):
    return _size(message) + MESSAGE_COST_BYTES


# The command line: each line of stdin is a message, each line of stdout an event as JSON.

def _print(name, facts):
    shown = {key: value for key, value in facts.items() if value is not None}
    print(json.dumps({"event": name, **shown}, default=bytes.hex), flush=True)


def _send_lines(link):
    for line in sys.stdin:
        try:
            link.send(line.rstrip("\r\n"))
        except (ValueError, BufferError) as error:
            print(f"not sent: {error}", file=sys.stderr, flush=True)
    link.close()


def main():
    parser = argparse.ArgumentParser(description="Keeps a connection to a Holdfast server.")
    parser.add_argument("url", help="tcp://host:port (frames) or line://host:port (lines)")
    parser.add_argument("--interval-ms", type=int, default=30_000, help="between two pings")
    parser.add_argument("--answer-within-ms", type=int, help="default: by the measured round trip")
    parser.add_argument("--attempts", type=int, default=10, help="dials in a row; 0: for ever")
    args = parser.parse_args()
    try:
        link = Link(args.url, interval_ms=args.interval_ms, attempts_max=args.attempts,
                    answer_within_ms=args.answer_within_ms,
                    token=os.environ.get("HOLDFAST_TOKEN"), on_event=_print,
                    on_message=lambda message: _print("message", {"data": message}))
    except ValueError as error:
        parser.error(str(error))

    def stop(*_):
        if link.is_closing:
            os._exit(130)  # Asked twice.
        link.close()
        if link.is_dialling:
            raise Ended("CLOSED_HERE", "closed as asked")

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    sys.stdin.reconfigure(errors="replace")
    threading.Thread(target=_send_lines, args=(link,), daemon=True).start()
    try:
        why = link.run()
    except BrokenPipeError:  # Nobody reads our events any more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0 if why.code == "CLOSED_HERE" and link.undelivered_count == 0 else 1


if __name__ == "__main__":
    sys.exit(main())

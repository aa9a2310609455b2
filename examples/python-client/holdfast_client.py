"""A link to a Holdfast server that heals itself: frames or lines, Python 3.9 and nothing else.

Section numbers are those of docs/protocol.md, codes of ends those of docs/errors.md.
"""
import argparse, contextlib, json, os, random, re, select, signal, socket, struct, sys, threading
from collections import deque
from time import monotonic, sleep

import holdfast_wire as wire
from holdfast_wire import KIB, VARINT_MAX, Ended, Fault

TICK_S, LATE_S, DIAL_S, CLOSE_S, REFUSE_S, HELD_MAX = 0.05, 0.25, 10, 5, 1, 10_000
FATAL = {"CLOSED_HERE", "REPLACED", "UNAUTHORIZED", "TURNED_AWAY", "LINE_TOO_LONG", "FRAME_INVALID",
         "HELLO_INVALID", "MESSAGE_RECEIVED_TOO_LONG", "VERSION_UNSUPPORTED", "WRONG_DIALECT"}
# Lines have no WELCOME, and of what a side says of itself only two words.
LINE_WELCOME = {"id": None, "secret": None, "leaseMsMin": 0, "leaseMsMax": VARINT_MAX,
                "messageBytesMax": VARINT_MAX, "reconnectWindowMs": 5_000}
LINE_WORDS = {"ping": b"ping\n", "pong": b"pong\n"}


class Link:
    """One thread runs it, any may `send` and `close`; `tell(event, **facts)` hears what happens."""

    def __init__(self, url, tell, interval_ms=30_000, answer_within_ms=10_000, attempts=10,
                 token=None):
        match = re.fullmatch(r"(tcp|line)://\[?([^/\]]+)\]?:(\d{1,5})", url)
        if not match or int(match[3]) > 65_535:
            raise ValueError(f"a url is tcp://host:port or line://host:port, and {url!r} is not")
        if not 10 <= interval_ms <= 86_400_000:
            raise ValueError(f"interval_ms is from 10 to 86400000 ms, and {interval_ms} is not")
        self.is_frame, self.address, self.tell = match[1] == "tcp", (match[2], int(match[3])), tell
        self.wish_ms, self.answer_s, self.attempts = interval_ms, answer_within_ms / 1000, attempts
        self.hello = {"agent": "python-client", "intervalMsMin": 1, "intervalMsMax": 3_600_000,
                      "nextMs": interval_ms, "messageBytesMax": wire.MESSAGE_BYTES_MAX,
                      **({"token": token} if token else {})}
        self.waiting, self.lock, self.is_closing = deque(), threading.Lock(), False
        self.sent = self.delivered = self.undelivered = 0

    def send(self, message):
        """Raises ValueError for what cannot be sent, BufferError when too much waits."""
        data = message.encode() if isinstance(message, str) else message
        if not self.is_frame and (b"\n" in data or b"\r" in data or data in (b"ping", b"pong")):
            raise ValueError("a line has no line break in it, and is neither ping nor pong")
        with self.lock:
            if self.is_closing or self.sent - self.delivered - self.undelivered >= HELD_MAX:
                raise BufferError(f"the link is closing, or {HELD_MAX} messages wait already")
            self.sent += 1
            self.waiting.append(message)

    def close(self):
        self.is_closing = True

    def run(self):
        """Until `close`, when what was sent is delivered, or until trying again is of no use."""
        dials = 0
        while not dials or not self.is_closing:
            dials += 1
            try:
                self.live()
            except (Ended, OSError) as error:
                code = "PEER_RESET" if self.sock else "DIAL_FAILED"
                why = error if isinstance(error, Ended) else Ended(code, str(error))
            code, sentence, now = *why.args[:2], monotonic()
            self.tell("connectionEnd", code=code, sentence=sentence,
                      heardMsAgo=round(1000 * (now - self.heard_at)))
            if self.sock:
                self.part(why)
            self.hand_back(self.flight, code)
            if self.welcome and now - self.online_at >= max(30, self.interval_ms / 500):
                dials = 0  # Coming online proves little, lasting does.
            if code in FATAL or self.is_closing or self.goaway.get("retry") == "never":
                break
            if dials >= self.attempts > 0:
                code, sentence = "REDIAL_EXHAUSTED", f"{dials} dials in a row; the last: {sentence}"
                break
            # Full jitter under a cap that doubles, or longer where the server has asked for it.
            after_s, spread_s = (min(ms, 600_000) / 1000 for ms in self.asked_ms)
            own_s = random.uniform(0.1, min(60, 2 ** min(dials - 1, 6)))
            wait_s = max(own_s, after_s + random.random() * spread_s)
            self.tell("waiting", waitMs=round(1000 * wait_s), code=code)
            while not self.is_closing and monotonic() < now + wait_s:
                sleep(TICK_S)
        with self.lock:  # Nobody can send from here on.
            self.is_closing = True
        self.hand_back(self.waiting, code)
        self.tell("ended", code=code, sentence=sentence, sent=self.sent, delivered=self.delivered,
                  undelivered=self.undelivered)
        return code

    def hand_back(self, messages, code):
        if messages:
            self.undelivered += len(messages)
            self.tell("undelivered", count=len(messages), code=code, messages=list(messages))

    def live(self):
        """One connection, from dial to end. Whom it judges by a moment, it has read until then."""
        self.sock, self.out, self.parts, self.flight = None, bytearray(), iter(()), []
        self.decoder = wire.FrameDecoder() if self.is_frame else wire.LineDecoder()
        self.assembler, self.interval_ms = wire.Assembler(), self.wish_ms
        self.welcome, self.goaway, self.acked, self.asked_ms = {}, {}, (0, 0), (0, 0)
        self.seq = self.answered = self.marked = self.received = 0
        self.dialled_at = self.heard_at = self.asked_at = self.turned_at = monotonic()
        self.sock = socket.create_connection(self.address, DIAL_S)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.is_frame:
            self.out += wire.PREFACE + wire.write_frame({"kind": "hello", "hello": self.hello})
        else:
            self.hear("welcome", {"welcome": LINE_WELCOME})
        while True:
            self.speak()
            now, outgoing = monotonic(), [self.sock] if self.out else []
            heard, free, _ = select.select([self.sock], outgoing, [], TICK_S)
            if free:
                del self.out[:self.sock.send(self.out)]
            if heard:
                self.read(self.sock.recv(64 * KIB))
            self.beat(now)

    def read(self, data):
        if not data:
            raise Ended("PEER_VANISHED" if self.is_frame else "CLOSED_BY_PEER", "the stream ended")
        self.heard_at, before = monotonic(), (self.received, len(self.assembler.held))
        try:
            for frame in self.decoder.feed(data):
                self.hear(frame["kind"], frame)
        finally:  # One ACK for all that a read brought, which is never more than 64 KiB.
            if before != (self.received, len(self.assembler.held)):
                self.say("ack", messages=self.received, partBytes=len(self.assembler.held))

    def hear(self, kind, frame):
        if kind not in ("preface", "goaway", "end") and (kind == "welcome") == bool(self.welcome):
            raise Fault("FRAME_INVALID", f"{kind} where it cannot stand")
        if kind == "welcome":
            self.welcome, self.online_at = frame["welcome"], monotonic()
            least, most = self.welcome["leaseMsMin"], self.welcome["leaseMsMax"]
            self.interval_ms = min(max(self.interval_ms, least), most)
            self.ping_at = self.online_at + random.random() * self.interval_ms / 1000
            self.asked_ms = (0, self.welcome["reconnectWindowMs"])
            self.hello["previous"] = {key: self.welcome[key] for key in ("id", "secret")}
            self.tell("online", id=self.welcome["id"], intervalMs=self.interval_ms)
        elif kind == "ping":
            self.say("pong", seq=frame.get("seq"), nextMs=self.interval_ms)
        elif kind == "pong" and self.answered < frame.get("seq", self.seq) == self.seq:
            self.answered = self.seq
            self.tell("beat", rttMs=round(1000 * (self.heard_at - self.pinged_at), 1))
            if not self.is_frame:  # Lines are read in turn: those before the ping have arrived.
                self.hear("ack", {"messages": self.marked, "partBytes": 0})
        elif kind == "ack":
            acked = (frame["messages"], frame["partBytes"])
            count = acked[0] - self.acked[0]
            if acked < self.acked or count > len(self.flight):
                raise Fault("FRAME_INVALID", "an ACK of more than was sent, or of less than before")
            self.acked, self.delivered = acked, self.delivered + count
            del self.flight[:count]
        elif kind == "slow":  # The next ping announces it.
            most = min(self.welcome["leaseMsMax"], 10 * self.wish_ms)
            self.interval_ms = max(self.interval_ms, min(frame["intervalMs"], most))
        elif kind == "goaway":
            self.goaway = frame["goaway"]
            after_ms = self.goaway["afterMs"] if self.goaway["retry"] == "after" else 0
            self.asked_ms = (after_ms, self.goaway["spreadMs"])
        elif kind == "end":
            raise Ended(frame["code"], f"the peer said {frame['code']}: {frame['reason']}")
        elif kind in ("part", "text"):
            message = frame["text"] if kind == "text" else self.assembler.add(
                frame["type"], frame["more"], frame["payload"])
            if message is not None:
                self.received += 1
                self.tell("message", data=message)

    def beat(self, now):
        """Section 6: a ping each interval; who says no byte for as long as answers take is dead."""
        late_s, self.turned_at = now - self.turned_at - TICK_S, now
        is_asked = self.asked_at > self.heard_at
        if is_asked and late_s > LATE_S:  # Our own lateness is not the silence of the peer.
            self.asked_at += late_s
        if not self.welcome and now > self.dialled_at + DIAL_S:
            raise Ended("DIAL_TIMEOUT", f"no WELCOME within {DIAL_S} s")
        if is_asked and now >= self.asked_at + self.answer_s:
            raise Ended("PEER_SILENT", f"not a byte for {now - self.heard_at:.1f} s")
        if self.welcome and now >= self.ping_at:
            self.ping_at = now + random.uniform(0.9, 1) * self.interval_ms / 1000
            self.asked_at = self.asked_at if is_asked else now
            if self.is_frame or self.answered == self.seq:  # Plain programs: one ping at a time.
                self.seq, self.pinged_at = self.seq + 1, monotonic()
                self.marked = self.acked[0] + len(self.flight)
                self.say("ping", seq=self.seq, nextMs=self.interval_ms)

    def speak(self):
        """One frame at a time, so that pings and their answers wait for no more than 64 KiB."""
        if self.out or not self.welcome:
            return
        self.out += next(self.parts, b"")
        if not self.out and self.waiting and not self.goaway:
            message = self.waiting.popleft()
            data = message.encode() if isinstance(message, str) else message
            if len(data) > self.welcome["messageBytesMax"]:
                return self.hand_back([message], "MESSAGE_TOO_LONG")
            self.flight.append(message)
            self.parts = wire.write_message(message) if self.is_frame else iter([data + b"\n"])
            self.out += next(self.parts)
        elif not self.out and not self.flight and (self.goaway or self.is_closing):
            self.say("end", code="CLOSED_BY_PEER", reason="asked for")
            raise Ended("DRAINED" if self.goaway else "CLOSED_HERE", "closed as asked")
        elif self.is_closing and not (self.out or self.is_frame):
            self.ping_at = 0  # The last lines are confirmed by a ping of their own.

    def say(self, kind, **fields):
        if len(self.out) < 256 * KIB:  # Who reads nothing is owed nothing.
            frame = {"kind": kind, **fields}
            self.out += wire.write_frame(frame) if self.is_frame else LINE_WORDS.get(kind, b"")

    def part(self, why):
        """Last words and FIN; then it reads until the peer's, so that no reset overtakes them."""
        within_s = REFUSE_S if isinstance(why, Fault) else CLOSE_S
        with self.sock, contextlib.suppress(OSError):  # It may have gone.
            if why.args[0] == "PEER_SILENT":  # The dead are reset: the kernel keeps nothing.
                no_linger = struct.pack("ii", 1, 0)
                return self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)
            if isinstance(why, Fault):
                self.say("end", code=why.args[0], reason=why.args[1])
            self.sock.settimeout(within_s)
            self.sock.sendall(self.out)
            self.sock.shutdown(socket.SHUT_WR)
            until = monotonic() + within_s
            while monotonic() < until and self.sock.recv(64 * KIB):
                pass


def send_lines(link):
    for line in sys.stdin:
        try:
            link.send(line.rstrip("\r\n"))
        except (ValueError, BufferError) as error:
            print(f"not sent: {error}", file=sys.stderr)
    link.close()


def main():
    parser = argparse.ArgumentParser(description="Lines of stdin are messages, of stdout events.")
    parser.add_argument("url", help="tcp://host:port (frames) or line://host:port (lines)")
    for name, default in (("interval-ms", 30_000), ("answer-within-ms", 10_000), ("attempts", 10)):
        parser.add_argument(f"--{name}", type=int, default=default, help=f"default: {default}")
    try:
        link = Link(tell=lambda event, **facts: print(
            json.dumps({"event": event, **facts}, default=bytes.hex), flush=True),
            token=os.environ.get("HOLDFAST_TOKEN"), **vars(parser.parse_args()))
    except ValueError as error:
        parser.error(str(error))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: link.close())
    threading.Thread(target=send_lines, args=(link,), daemon=True).start()
    return 0 if link.run() == "CLOSED_HERE" and link.undelivered == 0 else 1


if __name__ == "__main__":
    sys.exit(main())

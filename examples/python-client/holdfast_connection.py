"""One connection to a Holdfast server or a plain program: from dial to end, over one socket.

It decides when to ping, when the peer is dead, and what was delivered. Section numbers are those of
docs/protocol.md. Easy to break: read before you judge, so that nobody is dead by bytes that wait
unread; and what the kernel took is not yet what the peer has.
"""
import collections
import random
import select
import socket
import struct
import sys
import time

import holdfast_wire as wire

try:
    import fcntl
    import termios
except ImportError:
    fcntl = None  # Not Unix: then nobody can ask the kernel.

ATTEMPT_MS = 10_000  # from dialling to WELCOME
DRAIN_MS = 60_000  # output, or half a message, that does not advance
CLOSE_MS = 5_000
STALL_MS = 250  # a wake-up later than this is our own lateness
ACK_MS, ACK_BYTES = 100, 64 * 1024
PONGS_MAX = 100
LOOK_MS = 100  # how often the kernel is asked, while a line is under way


def now_ms():
    """One clock, and it never jumps: the date may."""
    return time.monotonic() * 1000


class Ended(Exception):
    """Why a dial or a connection ended: a code of docs/errors.md and a sentence."""

    def __init__(self, code, sentence):
        super().__init__(sentence)
        self.code, self.sentence = code, sentence


class RoundTrip:
    """RFC 6298 smoothing; an answer may take three probe timeouts (RFC 9002), 5 s to 15 s."""

    def __init__(self, fixed_ms):
        self.fixed_ms, self.mean_ms, self.deviation_ms = fixed_ms, None, 0

    def sample(self, rtt_ms):
        if self.mean_ms is None:
            self.mean_ms, self.deviation_ms = rtt_ms, rtt_ms / 2
        self.deviation_ms += (abs(self.mean_ms - rtt_ms) - self.deviation_ms) / 4
        self.mean_ms += (rtt_ms - self.mean_ms) / 8

    def answer_ms(self):
        pto_ms = 1000 if self.mean_ms is None else self.mean_ms + 4 * self.deviation_ms + 25
        return self.fixed_ms or min(15_000, max(5_000, 3 * pto_ms))


class Connection:
    """One transport from dial to end. `live` returns never: it raises Ended."""

    def __init__(self, link):
        self.link, self.sock = link, None
        self.interval_ms = link.interval_ms
        self.round_trip = RoundTrip(link.answer_within_ms)
        self.online_at = self.welcome = self.goaway = None
        self.began_at = self.heard_at = self.quiet_since = self.moved_at = now_ms()
        self.pings = collections.deque()  # (seq, when), the oldest unanswered first
        self.ping_at, self.seq = None, 0
        self.control = collections.deque()  # overtakes messages, but not half a frame
        self.out = bytearray()  # on its way into the kernel, and nothing may overtake it
        self.parts = collections.deque()  # what is left of the message under way
        self.flight = collections.deque()  # begun, and not known to have arrived
        self.out_is_part = self.is_fresh = False  # fresh: no byte of the last in flight was written
        self.acked, self.acked_part_bytes = 0, 0
        self.written_bytes, self.line_ends = 0, collections.deque()  # one for each line in flight
        self.messages_in = self.unacked_bytes = 0
        self.ack_at = self.fin_at = self.unfinished = None
        if link.is_frame:
            self.decoder, self.assembler = wire.FrameDecoder("client"), wire.Assembler()
        else:
            self.decoder = wire.LineDecoder()

    # The loop: read, then judge, so that nobody is judged by bytes that we have not read.

    def live(self):
        try:
            self.sock = socket.create_connection(self.link.address, timeout=ATTEMPT_MS / 1000)
            self.sock.setblocking(False)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            raise Ended("DIAL_FAILED", f"could not connect: {error}") from None
        if self.link.is_frame:
            self.control += [wire.preface(), wire.encode_frame(self._hello())]
        else:
            self._go_online({})
        try:
            while True:
                self._turn()
        except wire.WireFault as fault:
            self._refuse(fault)
            hint = "; it may speak lines: try line://" if fault.code == "WRONG_DIALECT" else ""
            raise Ended(fault.code, f"the peer broke the protocol: {fault.detail}{hint}") from None

    def _turn(self):
        self._fill()
        wake_at = max(now_ms(), min(self._deadlines()))
        wait_s = (wake_at - now_ms()) / 1000
        wants = [self.sock] if self.out else []
        readable, writable, _ = select.select([self.sock, self.link.wake], wants, [], max(0, wait_s))
        now = now_ms()
        if now - wake_at > STALL_MS:  # Section 6, rule 6: our lateness is not the peer's silence.
            self.quiet_since += now - wake_at
            self.moved_at += now - wake_at
        self.link.drain_wakes()
        if writable:
            self._write(now)
        if self.sock in readable:
            self._read(now)
        self.settle_lines()
        self._judge(now)
        self._speak(now)

    def _deadlines(self):
        yield now_ms() + 60_000
        if self.online_at is None:
            yield self.began_at + ATTEMPT_MS
        if self.ping_at is not None and self.fin_at is None:
            yield self.ping_at
        if self.pings:
            yield self.quiet_since + self.round_trip.answer_ms()
        if self.out or self.flight:
            yield self.moved_at + DRAIN_MS
        if self.line_ends:
            yield now_ms() + LOOK_MS
        yield from filter(None, (self.ack_at, self.unfinished and self.unfinished[0] + DRAIN_MS,
                                 self.fin_at and self.fin_at + CLOSE_MS))

    def _judge(self, now):
        """Section 6. A ping is out, and then not one byte for as long as an answer may take."""
        if self.online_at is None and now >= self.began_at + ATTEMPT_MS:
            raise Ended("DIAL_TIMEOUT", f"no WELCOME within {ATTEMPT_MS} ms")
        if self.fin_at is not None and now >= self.fin_at + CLOSE_MS:
            raise Ended("CLOSED_HERE", "closed; the peer did not close its side")
        if self.pings and now >= self.quiet_since + self.round_trip.answer_ms():
            self._die("PEER_SILENT", f"{(now - self.heard_at) / 1000:.1f} s of silence, a ping "
                      f"unanswered for {(now - self.pings[0][1]) / 1000:.1f} s")
        if (self.out or self.flight) and now >= self.moved_at + DRAIN_MS:
            self._die("PEER_TAKES_NOTHING", f"output did not move for {DRAIN_MS} ms")
        if self.unfinished and now >= self.unfinished[0] + DRAIN_MS:
            raise wire.WireFault("UNFINISHED_TOO_LONG", f"half a message for {DRAIN_MS} ms")

    def _die(self, code, sentence):
        """Section 6, rule 8: the dead are reset, so that the kernel keeps nothing for them."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Ended(code, sentence)

    # What comes in.

    def _read(self, now):
        try:
            data = self.sock.recv(64 * 1024)
        except BlockingIOError:
            return
        except OSError as error:
            raise Ended("PEER_RESET", f"the connection was lost: {error}") from None
        if not data:
            if self.fin_at is not None:
                raise Ended("CLOSED_HERE", "closed as asked")
            code = "PEER_VANISHED" if self.link.is_frame else "CLOSED_BY_PEER"
            raise Ended(code, "the stream ended" + (" without END" if self.link.is_frame else ""))
        self.heard_at = self.quiet_since = now
        for event in self.decoder.feed(data):
            if self.link.is_frame:
                self._hear_frame(event, now)
            elif event[0] == "text":
                self.link.on_message(event[1])
            elif event[0] == "ping":
                self.control.append(b"pong\n")
            elif self.pings:
                self._answered(self.pings[0][0], now)
        self._note_unfinished(now)

    def _hear_frame(self, frame, now):
        kind = frame["kind"]
        if self.welcome is None and kind not in ("preface", "welcome", "goaway", "end"):
            raise wire.WireFault("FRAME_INVALID", f"{kind} came before WELCOME")
        if kind == "welcome":
            if self.welcome is not None:
                raise wire.WireFault("FRAME_INVALID", "WELCOME came twice")
            self._go_online(frame["welcome"])
        elif kind == "ping":  # Section 5.3
            if len(self.control) < PONGS_MAX:
                self._say("pong", seq=frame["seq"], nextMs=int(self.interval_ms))
        elif kind == "pong":
            self._answered(frame["seq"], now)
        elif kind == "part" and self.fin_at is None:  # After our END nothing can be acknowledged.
            self.unacked_bytes += len(frame["payload"])
            self.ack_at = self.ack_at or now + ACK_MS
            message = self.assembler.part(frame["type"], frame["more"], frame["payload"])
            if message is not None:
                self.messages_in += 1
                self.link.on_message(message)
        elif kind == "ack":
            self._acknowledged(frame["messages"], frame["partBytes"], now)
        elif kind == "slow":  # Section 5.5: clamped, and the next ping announces the longer gap.
            most = min(self.welcome["leaseMsMax"], 10 * self.link.interval_ms)
            self.interval_ms = max(self.interval_ms, min(frame["intervalMs"], most))
        elif kind == "goaway":  # Section 5.6: nothing new is begun; what is under way is finished.
            self.goaway = frame["goaway"]
        elif kind == "end":  # Section 5.7: an ACK of what we have, then our FIN.
            self._last_words(self._ack() if self.welcome else b"")
            raise Ended(frame["code"], f"the peer said {frame['code']}: {frame['reason']}")

    def _go_online(self, welcome):
        now = now_ms()
        self.online_at = self.moved_at = now
        if welcome:  # Section 6, rule 3: into the server's limits before the first ping.
            self.welcome = welcome
            least, most = welcome["leaseMsMin"], welcome["leaseMsMax"]
            self.interval_ms = min(max(self.interval_ms, least), most)
        # The first beat at a random point, so that a thousand clients do not beat as one.
        self.ping_at = now + random.random() * self.interval_ms
        self.link.tell("online", id=welcome.get("id"), intervalMs=self.interval_ms,
                       previous=welcome.get("previous"))

    def _answered(self, seq, now):
        while self.pings and self.pings[0][0] <= seq:
            asked_seq, asked_at = self.pings.popleft()
            if asked_seq == seq:
                self.round_trip.sample(now - asked_at)
                self.link.tell("beat", rttMs=round(now - asked_at, 1),
                               answerWithinMs=round(self.round_trip.answer_ms()))

    def _acknowledged(self, count, part_bytes, now):
        begun = self.acked + len(self.flight)
        known = (self.acked, self.acked_part_bytes)
        if count > begun or (count, part_bytes) < known:
            raise wire.WireFault("FRAME_INVALID", f"ACK of {count} messages; {begun} were sent, "
                                 f"and {self.acked} acknowledged")
        if (count, part_bytes) > known:
            self.moved_at = now  # An ACK that confirms nothing new proves no movement.
        self.acked_part_bytes = part_bytes
        while self.acked < count:
            self.acked += 1
            self.link.delivered(self.flight.popleft())

    def _note_unfinished(self, now):
        """Sections 3 and 5: half a line, frame or message is no right to memory."""
        size = len(self.decoder.pending)
        if self.link.is_frame:
            size += len(self.assembler.held)
        if not size or self.unfinished is None or size < self.unfinished[1]:
            self.unfinished = (now, size) if size else None
        elif size >= self.unfinished[1] + ACK_BYTES:
            self.unfinished = (now, size)

    # What goes out.

    def _hello(self):
        hello = {"agent": "python-client", "intervalMsMin": 1, "intervalMsMax": 3_600_000,
                 "nextMs": int(self.interval_ms), "messageBytesMax": wire.MESSAGE_BYTES_MAX}
        if self.link.token:
            hello["token"] = self.link.token
        if self.link.previous:
            hello["previous"] = self.link.previous
        return {"kind": "hello", "hello": hello}

    def _say(self, kind, **fields):
        self.control.append(wire.encode_frame({"kind": kind, **fields}))

    def _ack(self):
        self.ack_at, self.unacked_bytes = None, 0
        return wire.encode_frame({"kind": "ack", "messages": self.messages_in,
                                  "partBytes": len(self.assembler.held)})

    def _speak(self, now):
        """The ping and the ACK that are due, and the farewell when all else is said."""
        if self.ack_at and (now >= self.ack_at or self.unacked_bytes >= ACK_BYTES):
            self.control.append(self._ack())
        if self.online_at is None or self.fin_at is not None:
            return
        # A plain server may know one ping at a time; a lease must be kept whatever is unanswered.
        if now >= self.ping_at and (self.link.is_frame or not self.pings):
            self.seq += 1
            self.quiet_since = self.quiet_since if self.pings else now
            self.pings.append((self.seq, now))
            if self.link.is_frame:
                self._say("ping", seq=self.seq, nextMs=int(self.interval_ms))
            else:
                self.control.append(b"ping\n")
            self.ping_at = now + self.interval_ms * random.uniform(0.9, 1)
        elif now >= self.ping_at:
            self.ping_at = now + self.interval_ms
        is_done = not (self.control or self.out or self.parts or self.flight)
        if is_done and (self.goaway or (self.link.is_closing and not self.link.waiting)):
            self.fin_at = now
            end = {"kind": "end", "code": "CLOSED_BY_PEER", "reason": "asked for"}
            ack = self._ack() if self.ack_at else b""
            self._last_words(ack + wire.encode_frame(end) if self.link.is_frame else b"")

    def _fill(self):
        """One frame at a time, so that a ping never waits behind more than 64 KiB of ours."""
        if self.out:
            return
        if not self.control and not self.parts and self.online_at and not self.goaway:
            longest = self.welcome["messageBytesMax"] if self.welcome else None
            message = self.link.take(longest)
            if message is not None:
                if not self.flight:
                    self.moved_at = now_ms()
                self.flight.append(message)
                self.is_fresh = True
                if self.link.is_frame:
                    self.parts += wire.encode_message(message)
                else:
                    line = message.encode() + b"\n"
                    self.parts.append(line)
                    self.line_ends.append(self.written_bytes + len(line))
        self.out_is_part = not self.control
        queue = self.control or self.parts
        if queue:
            self.out += queue.popleft()

    def _write(self, now):
        try:
            taken = self.sock.send(self.out)
        except BlockingIOError:
            return
        except OSError as error:
            raise Ended("PEER_RESET", f"the connection was lost: {error}") from None
        del self.out[:taken]
        self.written_bytes += taken
        self.is_fresh = self.is_fresh and not self.out_is_part
        if not self.flight:
            self.moved_at = now  # Else what the kernel took proves nothing; ACK or its count will.

    def settle_lines(self):
        """A plain program acknowledges nothing, but its kernel does, and ours knows how much.

        On Linux; elsewhere what our own kernel took is as far as anybody can tell.
        """
        if not self.line_ends:
            return
        waiting = bytearray(4)
        try:
            if fcntl is not None:
                fcntl.ioctl(self.sock, termios.TIOCOUTQ, waiting)
        except OSError:
            pass  # Not Linux.
        arrived = self.written_bytes - int.from_bytes(waiting, sys.byteorder)
        while self.line_ends and self.line_ends[0] <= arrived:
            self.line_ends.popleft()
            self.moved_at = now_ms()
            self.link.delivered(self.flight.popleft())

    def _last_words(self, data):
        """Half a frame is finished, what is queued is left behind, and after FIN nothing is said."""
        try:
            self.sock.settimeout(1)
            self.sock.sendall(bytes(self.out) + data)
            self.sock.shutdown(socket.SHUT_WR)
            self.sock.setblocking(False)
        except OSError:
            pass  # The peer has gone already, and needs no farewell.

    def _refuse(self, fault):
        """Section 8: say why, send FIN, then read for a while, since a reset may overtake words."""
        end = {"kind": "end", "code": fault.code, "reason": fault.detail}
        self._last_words(wire.encode_frame(end) if self.link.is_frame else b"")
        until, left = now_ms() + 1_000, 64 * 1024
        try:
            while left > 0 and now_ms() < until:
                self.sock.settimeout(max(0.001, (until - now_ms()) / 1000))
                data = self.sock.recv(4096)
                left -= len(data) or left
        except OSError:
            pass  # Enough was waited for.

"""The wire of Holdfast: bytes in, lines or frames out, and back. No socket here, and no clock.

Section numbers are those of docs/protocol.md; run_vectors.py holds this file against its vectors.
"""
import json
import re

VARINT_MAX, MESSAGE_BYTES_MAX, PART_BYTES_MAX, KIB = 2**53 - 1, 2**20, 2**16 - 1, 1024
PREFACE = b"\xf8HF\x01"  # The last byte is the version.
KINDS = "hello welcome ping pong text binary cont ack slow goaway end".split()  # from 1 on
LONGEST = (16 * KIB, 16 * KIB, 16, 16, 64 * KIB, 64 * KIB, 64 * KIB, 16, 8, 2 * KIB, 2 * KIB)
NOT_FOR = {"client": ("hello",), "server": ("welcome", "goaway")}
NUMBERS = {"ping": ("seq", "nextMs"), "pong": ("seq", "nextMs"), "ack": ("messages", "partBytes"),
           "slow": ("intervalMs",)}
# Of each field the least number, the longest text (a str), or the choices; "?": it may be missing.
FIELDS = {
    "welcome": {"id": "256", "secret": "256", "epoch": "256", "leaseMsMin": 0, "leaseMsMax": 1,
                "timeoutMs": 1, "pingIntervalMsMin": 0, "messageBytesMax": 1, "nextMs": 0,
                "reconnectWindowMs": 0, "networkKey?": "256", "previous?": {
                    "state": ("open", "ended", "unknown"), "lastPingSeq": 0,
                    "lastHeardMsAgo?": 0, "code?": "64"}},
    "goaway": {"reason": "2048", "retry": ("now", "after", "never"), "afterMs": 0, "spreadMs": 0,
               "url?": "1024"}}


class Ended(Exception):
    """Why a connection is over: a code of docs/errors.md and a sentence."""


class Fault(Ended):
    """The peer broke the protocol: a code, a sentence, and perhaps the key of JSON at fault."""


def write_varint(value):
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + write_varint(rest) if rest else bytes([low])


def read_varint(data, at=0):
    """The value and where it ends; None while bytes are missing."""
    value = 0
    for index, byte in enumerate(data[at:at + 8]):
        if (index and byte == 0) or (index == 7 and byte > 0x0F):
            raise Fault("FRAME_INVALID", "a number not in its shortest form, or above 2^53 - 1")
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return value, at + index + 1
    return None


class LineDecoder:
    """Section 3. What is unfinished waits in `pending`, here and below."""

    def __init__(self, ping="ping", pong="pong", bytes_max=MESSAGE_BYTES_MAX):
        self.kinds = {ping.encode(): "ping", pong and pong.encode(): "pong"}
        self.pending, self.bytes_max = b"", bytes_max

    def feed(self, data):
        *lines, self.pending = (self.pending + data).split(b"\n")
        for index, line in enumerate([*lines, self.pending]):
            if len(line := line.removesuffix(b"\r")) > self.bytes_max:
                raise Fault("LINE_TOO_LONG", f"a line has more than {self.bytes_max} bytes")
            if index < len(lines):
                text = line.decode(errors="replace")
                message = {"kind": "text", "text": text, "replaced": text.encode() != line}
                yield {"kind": self.kinds[line]} if line in self.kinds else message


class FrameDecoder:
    """Sections 4 and 5. Each rule is applied as soon as the bytes for it are there."""

    def __init__(self, role="client"):
        self.role, self.pending, self.version, self.unknown = role, bytearray(), None, 0

    def feed(self, data):
        self.pending += data
        if self.version is None:
            if not PREFACE.startswith(self.pending[:3]):
                raise Fault("WRONG_DIALECT", "the peer speaks no frames; for lines try line://")
            if len(self.pending) < 4:
                return
            self.version = self.pending[3]
            if self.version == 0 or (self.role == "client" and self.version > PREFACE[3]):
                raise Fault("VERSION_UNSUPPORTED", f"the peer speaks version {self.version}")
            del self.pending[:4]
            yield {"kind": "preface", "version": self.version}
        while self.pending:
            number = self.pending[0]
            kind = KINDS[number - 1] if 1 <= number <= len(KINDS) else None
            longest = LONGEST[number - 1] if kind else 64 * KIB
            if kind in NOT_FOR[self.role] or not kind and (number > 0x7F or self.unknown > 63):
                raise Fault("FRAME_INVALID", f"type {number} came to a {self.role}, or too often")
            length, start = read_varint(self.pending, 1) or (0, None)
            if length > longest or (start is None and len(self.pending) > 3):
                raise Fault("FRAME_INVALID", f"type {number} has more than {longest} bytes")
            if start is None or len(self.pending) < start + length:
                return
            body = bytes(self.pending[start:start + length])
            del self.pending[:start + length]
            self.unknown = 0 if kind else self.unknown + 1
            if kind:
                yield read_body(kind, body)


def read_body(kind, body):
    code = "HELLO_INVALID" if kind in ("hello", "welcome") else "FRAME_INVALID"
    try:
        if kind in FIELDS:
            whole = json.loads(body.decode(), parse_constant=int)  # int() refuses NaN, as JSON.
            return {"kind": kind, kind: pick(whole, FIELDS[kind], code)}
        if kind == "end":
            length, at = read_varint(body) or (0, 0)
            name, reason = body[at:at + length], body[at + length:].decode()
            if len(name) < length or not re.fullmatch(rb"[!-~]{1,64}", name):
                raise ValueError("its code is not 1 to 64 bytes of printable ASCII")
            return {"kind": kind, "code": name.decode(), "reason": reason}
        if kind not in NUMBERS:
            if body[:1] not in (b"\0", b"\1"):
                raise ValueError("it has no flags, or unknown ones")
            return {"kind": "part", "type": kind, "more": body[0] == 1, "payload": body[1:]}
        frame, at = {"kind": kind}, 0
        for name in NUMBERS[kind]:
            frame[name], at = read_varint(body, at) or (0, len(body) + 1)
        if at != len(body) or frame.get("seq") == 0:
            raise ValueError("a byte too few or too many, or a seq of 0")
        return frame
    except (ValueError, RecursionError) as error:
        raise Fault(code, f"{kind}: {error}") from None


def pick(given, rules, code, path=""):
    """Takes what the rules name and nothing else. A fault names the key, never the value."""
    if not isinstance(given, dict):
        raise ValueError("it is no object")
    picked = {}
    for name, rule in rules.items():
        key, where, value = name.rstrip("?"), path + name.rstrip("?"), given.get(name.rstrip("?"))
        if isinstance(rule, dict) and isinstance(value, dict):
            picked[key] = pick(value, rule, code, where + ".")
        elif fits(value, rule):
            picked[key] = value
        elif key in given or key == name:
            raise Fault(code, f"{where} is missing or wrong", where)
    for low, high in (("leaseMsMin", "leaseMsMax"), ("intervalMsMin", "intervalMsMax")):
        if picked.get(low, 0) > picked.get(high, VARINT_MAX):
            raise Fault(code, f"{low} is above {high}", low)
    return picked


def fits(value, rule):
    if isinstance(rule, int):
        return type(value) in (int, float) and rule <= value <= VARINT_MAX and value == int(value)
    if isinstance(rule, str):  # UTF-16 units are counted, and half of a pair is no text.
        return (isinstance(value, str) and not re.search("[\ud800-\udfff]", value)
                and len(value.encode("utf-16-le")) <= 2 * int(rule))
    return isinstance(rule, tuple) and value in rule


def write_frame(frame):
    kind = frame.get("type", frame["kind"])
    if frame["kind"] == "part":
        body = bytes([frame["more"]]) + frame["payload"]
    elif kind == "end":
        body = write_varint(len(frame["code"])) + (frame["code"] + frame["reason"]).encode()
    elif kind in NUMBERS:
        body = b"".join(write_varint(int(frame[name])) for name in NUMBERS[kind])
    else:
        body = json.dumps(frame[kind], separators=(",", ":"), ensure_ascii=False).encode()
    return bytes([KINDS.index(kind) + 1]) + write_varint(len(body)) + body


def write_message(message):
    kind, data = ("text", message.encode()) if isinstance(message, str) else ("binary", message)
    for at in range(0, len(data) or 1, PART_BYTES_MAX):
        end = at + PART_BYTES_MAX
        yield write_frame({"kind": "part", "type": "cont" if at else kind, "more": end < len(data),
                           "payload": data[at:end]})


class Assembler:
    """Section 5.4: parts become messages."""

    def __init__(self, bytes_max=MESSAGE_BYTES_MAX):
        self.kind, self.held, self.bytes_max = None, bytearray(), bytes_max

    def add(self, kind, more, payload):
        """The message that this part completes, or None."""
        if (kind == "cont") != bool(self.kind):
            raise Fault("FRAME_INVALID", f"{kind} where it cannot stand")
        self.kind = self.kind or kind
        self.held += payload
        if len(self.held) > self.bytes_max:
            raise Fault("MESSAGE_RECEIVED_TOO_LONG", f"a message of over {self.bytes_max} bytes")
        if more:
            return None
        kind, data, self.kind, self.held = self.kind, bytes(self.held), None, bytearray()
        try:
            return data.decode() if kind == "text" else data
        except UnicodeDecodeError as error:
            raise Fault("FRAME_INVALID", f"a text message: {error}") from None

"""The wire of Holdfast: bytes in, lines or frames out, and back. Needs Python 3.9 and nothing else.

It follows docs/protocol.md, section by section, and touches no socket and no clock. Whatever a peer
does wrong raises WireFault with a code of docs/errors.md; a decoder that has raised is finished.
"""
import json

VARINT_MAX = 2**53 - 1
PREFACE = b"\xf8HF"
VERSION = 1
KIB = 1024
PART_BYTES_MAX = 64 * KIB - 1  # one byte of the body holds the flags
MESSAGE_BYTES_MAX = 1024 * KIB
UNKNOWN_IN_A_ROW_MAX = 64

# Section 5: type, name, who receives it, longest body.
FRAMES = (
    (1, "hello", "server", 16 * KIB), (2, "welcome", "client", 16 * KIB),
    (3, "ping", "both", 16), (4, "pong", "both", 16),
    (5, "text", "both", 64 * KIB), (6, "binary", "both", 64 * KIB), (7, "cont", "both", 64 * KIB),
    (8, "ack", "both", 16), (9, "slow", "both", 8),
    (10, "goaway", "client", 2 * KIB), (11, "end", "both", 2 * KIB),
)
BY_TYPE = {number: (name, receiver, longest) for number, name, receiver, longest in FRAMES}
TYPE_OF = {name: number for number, name, _, _ in FRAMES}
PARTS = ("text", "binary", "cont")
NUMBERS = {"ping": ("seq", "nextMs"), "pong": ("seq", "nextMs"),
           "ack": ("messages", "partBytes"), "slow": ("intervalMs",)}

# Sections 5.1, 5.2 and 5.6: least number, longest text, or the choices; "?" marks an optional one.
FIELDS = {
    "hello": {
        "agent": "text 256", "token?": "text 8192", "intervalMsMin": 0, "intervalMsMax": 0,
        "nextMs": 0, "messageBytesMax": 1, "session?": "text 256",
        "previous?": {"id": "text 256", "secret": "text 256"},
    },
    "welcome": {
        "id": "text 256", "secret": "text 256", "epoch": "text 256", "leaseMsMin": 0,
        "leaseMsMax": 1, "timeoutMs": 1, "pingIntervalMsMin": 0, "messageBytesMax": 1, "nextMs": 0,
        "reconnectWindowMs": 0, "networkKey?": "text 256",
        "previous?": {"state": ("open", "ended", "unknown"), "lastPingSeq": 0,
                      "lastHeardMsAgo?": 0, "code?": "text 64"},
    },
    "goaway": {"reason": "text 2048", "retry": ("now", "after", "never"), "afterMs": 0,
               "spreadMs": 0, "url?": "text 1024"},
}
ORDERED = {"hello": ("intervalMsMin", "intervalMsMax"), "welcome": ("leaseMsMin", "leaseMsMax")}


class WireFault(Exception):
    """The peer broke the protocol. `key` is the JSON field at fault, where it is one."""

    def __init__(self, code, detail, key=None):
        super().__init__(f"{code}: {detail}")
        self.code, self.detail, self.key = code, detail, key


def write_varint(value):
    """Section 2: seven bits in each byte, lowest first, shortest form."""
    if not 0 <= value <= VARINT_MAX:
        raise ValueError(f"a varint is from 0 to 2^53 - 1, and {value} is not")
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def read_varint(data, at, what="number"):
    """Returns the value and where it ends, or None while bytes are missing."""
    value = 0
    for index in range(8):
        if at + index >= len(data):
            return None
        byte = data[at + index]
        value |= (byte & 0x7F) << 7 * index
        if value > VARINT_MAX or (byte == 0 and index > 0):
            break
        if byte < 0x80:
            return value, at + index + 1
    raise WireFault("FRAME_INVALID", f"{what}: not in its shortest form, or above 2^53 - 1")


class LineDecoder:
    """Section 3. Events are ("ping",), ("pong",) and ("text", text, replaced)."""

    def __init__(self, ping="ping", pong="pong", line_bytes_max=MESSAGE_BYTES_MAX):
        self.ping = ping.encode()
        self.pong = pong.encode() if pong is not False else None
        self.line_bytes_max = line_bytes_max
        self.pending = bytearray()

    def feed(self, data):
        """Yields what each whole line says; the rest waits in `pending`."""
        self.pending += data
        while (end := self.pending.find(b"\n")) >= 0:
            line = bytes(self.pending[:end]).removesuffix(b"\r")
            del self.pending[:end + 1]
            self._check(line)
            yield self._event(line)
        # A carriage return may still turn out to be the first half of an end of line.
        self._check(self.pending.removesuffix(b"\r"))

    def _check(self, line):
        if len(line) > self.line_bytes_max:
            raise WireFault("LINE_TOO_LONG", f"a line has more than {self.line_bytes_max} bytes")

    def _event(self, line):
        if line == self.ping:
            return ("ping",)
        if line == self.pong:
            return ("pong",)
        try:
            return ("text", line.decode(), False)
        except UnicodeDecodeError:
            return ("text", line.decode(errors="replace"), True)


def preface(version=VERSION):
    return PREFACE + bytes([version])


class FrameDecoder:
    """Sections 4 and 5, for the side that reads. The first event is {"kind": "preface"}."""

    def __init__(self, role):
        self.role = role
        self.pending = bytearray()
        self.has_preface = False
        self.unknown_in_a_row = 0

    def feed(self, data):
        """Yields frames as dictionaries; what is unfinished waits in `pending`."""
        self.pending += data
        if not self.has_preface:
            if not self._read_preface():
                return
            yield {"kind": "preface", "version": self.pending[3]}
            del self.pending[:4]
        while (cut := self._header()) is not None:
            kind, start, end = cut
            if len(self.pending) < end:
                return
            body = bytes(self.pending[start:end])
            del self.pending[:end]
            self.unknown_in_a_row = 0 if kind else self.unknown_in_a_row + 1
            if kind:
                yield decode_body(kind, body)

    def _read_preface(self):
        got = self.pending[:4]
        if got[:3] != PREFACE[:len(got[:3])]:
            raise WireFault("WRONG_DIALECT", "the first bytes are not those of the frame dialect")
        if len(got) < 4:
            return False
        if got[3] == 0 or (self.role == "client" and got[3] > VERSION):
            raise WireFault("VERSION_UNSUPPORTED", f"the peer speaks version {got[3]}")
        self.has_preface = True
        return True

    def _header(self):
        """Name of the frame (None: unknown), where its body begins and ends. Judged early."""
        if not self.pending:
            return None
        number = self.pending[0]
        name, receiver, longest = BY_TYPE.get(number, (None, "both", 64 * KIB))
        if (name is None and number >= 0x80) or receiver not in ("both", self.role):
            raise WireFault("FRAME_INVALID", f"a {self.role} is never sent type {number}")
        if name is None and self.unknown_in_a_row == UNKNOWN_IN_A_ROW_MAX:
            raise WireFault("FRAME_INVALID", "too many unknown frames in a row")
        read = read_varint(self.pending, 1, "length")
        if read is None:  # What has come of the length may be too much already.
            so_far = sum((byte & 0x7F) << 7 * at for at, byte in enumerate(self.pending[1:]))
        else:
            so_far = read[0]
        if so_far > longest:
            raise WireFault("FRAME_INVALID", f"{name} has a body of more than {longest} bytes")
        return None if read is None else (name, read[1], read[1] + read[0])


def decode_body(kind, body):
    if kind in FIELDS:
        code = "FRAME_INVALID" if kind == "goaway" else "HELLO_INVALID"
        return {"kind": kind, kind: read_json(body, kind, code)}
    if kind in PARTS:
        if not body or body[0] > 1:
            raise WireFault("FRAME_INVALID", f"{kind}: no flags, or unknown ones")
        return {"kind": "part", "type": kind, "more": body[0] == 1, "payload": body[1:]}
    if kind == "end":
        return _decode_end(body)
    frame, at = {"kind": kind}, 0
    for name in NUMBERS[kind]:
        if (read := read_varint(body, at, kind)) is None:
            raise WireFault("FRAME_INVALID", f"{kind}: {name} is cut off")
        frame[name], at = read
    if at != len(body) or frame.get("seq") == 0:
        raise WireFault("FRAME_INVALID", f"{kind}: a byte too many, or a seq of 0")
    return frame


def _decode_end(body):
    length, at = read_varint(body, 0, "end") or (0, 0)
    code = body[at:at + length]
    if not 1 <= length <= 64 or len(code) < length or not all(0x20 < byte < 0x7F for byte in code):
        raise WireFault("FRAME_INVALID", "end: the code is not 1 to 64 bytes of printable ASCII")
    return {"kind": "end", "code": code.decode(), "reason": _text(body[at + length:], "end")}


def _text(data, what):
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise WireFault("FRAME_INVALID", f"{what}: not UTF-8") from None


def _refuse(constant):
    raise ValueError(f"{constant} is not JSON")


def read_json(body, kind, code):
    """Picks the listed fields by name; a fault names the key and never the value."""
    try:
        # Python alone would take NaN, and a nesting that it cannot follow is a RecursionError.
        whole = json.loads(body.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise WireFault(code, f"{kind} is not JSON in UTF-8") from None
    if not isinstance(whole, dict):
        raise WireFault(code, f"{kind} is not an object")
    fields = _pick(whole, FIELDS[kind], "", code)
    low, high = ORDERED.get(kind, (None, None))
    if low is not None and fields[low] > fields[high]:
        raise WireFault(code, f"{low} is above {high}", low)
    return fields


def _pick(given, rules, prefix, code):
    picked = {}
    for rule, wanted in rules.items():
        key = rule.removesuffix("?")
        if key not in given:
            if key == rule:
                raise WireFault(code, f"{prefix}{key} is missing", prefix + key)
            continue
        value = given[key]
        if isinstance(wanted, dict) and isinstance(value, dict):
            picked[key] = _pick(value, wanted, f"{prefix}{key}.", code)
        elif _fits(value, wanted):
            picked[key] = int(value) if isinstance(value, float) else value
        else:
            raise WireFault(code, f"{prefix}{key} has the wrong type or size", prefix + key)
    return picked


def _fits(value, wanted):
    if isinstance(wanted, tuple):
        return isinstance(value, str) and value in wanted
    if isinstance(wanted, str):
        longest = int(wanted.split()[1])
        return isinstance(value, str) and _utf16_units(value) <= longest and _is_whole_text(value)
    if isinstance(wanted, dict) or isinstance(value, bool) or not isinstance(value, (int, float)):
        return False  # In Python True is a number; on this wire it is not.
    return wanted <= value <= VARINT_MAX and value == int(value)


def _utf16_units(text):
    return len(text) + sum(char > "\uffff" for char in text)


def _is_whole_text(text):
    return not any("\ud800" <= char <= "\udfff" for char in text)


def encode_frame(frame):
    """The inverse of `FrameDecoder.feed`: a dictionary with `kind` becomes bytes."""
    kind = frame["kind"]
    if kind == "part":
        kind, body = frame["type"], bytes([frame["more"]]) + frame["payload"]
    elif kind in FIELDS:
        body = json.dumps(frame[kind], separators=(",", ":"), ensure_ascii=False).encode()
    elif kind == "end":
        code = frame["code"].encode()
        body = write_varint(len(code)) + code + frame["reason"].encode()
    else:
        body = b"".join(write_varint(frame[name]) for name in NUMBERS[kind])
    if len(body) > BY_TYPE[TYPE_OF[kind]][2]:
        raise ValueError(f"{kind}: {len(body)} bytes are more than a body may have")
    return bytes([TYPE_OF[kind]]) + write_varint(len(body)) + body


def encode_message(message):
    """Section 5.4: a str becomes TEXT, bytes become BINARY; what is long continues in CONT."""
    kind, data = ("text", message.encode()) if isinstance(message, str) else ("binary", message)
    pieces = [data[at:at + PART_BYTES_MAX] for at in range(0, len(data), PART_BYTES_MAX)] or [b""]
    last = len(pieces) - 1
    return [encode_frame({"kind": "part", "type": "cont" if at else kind, "more": at < last,
                          "payload": piece}) for at, piece in enumerate(pieces)]


class Assembler:
    """Section 5.4: parts become messages, and no more is kept than `message_bytes_max`."""

    def __init__(self, message_bytes_max=MESSAGE_BYTES_MAX):
        self.message_bytes_max = message_bytes_max
        self.kind = None
        self.held = bytearray()

    def part(self, kind, more, payload):
        """Returns the message that this part completes, a str or bytes; else None."""
        if (kind == "cont") != (self.kind is not None):
            raise WireFault("FRAME_INVALID", f"{kind} where it cannot stand")
        if len(self.held) + len(payload) > self.message_bytes_max:
            raise WireFault("MESSAGE_RECEIVED_TOO_LONG",
                            f"a message has more than {self.message_bytes_max} bytes")
        self.kind = self.kind or kind
        self.held += payload
        if more:
            return None
        kind, data = self.kind, bytes(self.held)
        self.kind, self.held = None, bytearray()
        return _text(data, "a text message") if kind == "text" else data

"""Runs docs/protocol-vectors.json against holdfast_wire.py, and prints `N passed, N failed`.

    python3 run_vectors.py [path of the vectors]

Each vector is fed whole and byte by byte: both must say the same. The exit code is 1 if any failed.
"""
import json
import pathlib
import sys

import holdfast_wire as wire

HERE = pathlib.Path(__file__).resolve().parent
DEFAULT_PATH = HERE / "../../docs/protocol-vectors.json"
# Section 5.1, which a client never reads.
wire.FIELDS["hello"] = {
    "agent": "256", "token?": "8192", "intervalMsMin": 0, "intervalMsMax": 0, "nextMs": 0,
    "messageBytesMax": 1, "session?": "256", "previous?": {"id": "256", "secret": "256"}}


def hear(make, data, pieces):
    """All that a decoder says: its events, the fault if it raised one, and what is left over."""
    decoder, heard, fault = make(), [], None
    try:
        for piece in pieces(data):
            for event in decoder.feed(piece):
                heard.append(event)
    except wire.Fault as raised:
        fault = raised
    return heard, fault, 0 if fault else len(decoder.pending)


def code_of(fault):
    return fault and fault.args[0]


def whole(data):
    return [data]


def single(data):
    return [data[at:at + 1] for at in range(len(data))]


def check(vector, make, expected, written=None):
    """What is wrong with the codec by this vector, or None."""
    data = bytes.fromhex(vector["hex"])
    for pieces in (whole, single):
        heard, fault, pending = hear(make, data, pieces)
        where = pieces.__name__
        if code_of(fault) != vector.get("fault"):
            return f"{where}: expected {vector.get('fault')}, came {fault}"
        if "key" in vector and fault.args[2:] != (vector["key"],):
            return f"{where}: the fault is {fault.args}, and does not name {vector['key']}"
        if heard != expected:
            return f"{where}: expected {expected}, came {heard}"
        if pending != vector.get("pendingBytes", 0):
            return f"{where}: {pending} bytes wait, and not {vector.get('pendingBytes', 0)}"
    if written is not None and written != data:
        return f"written as {written.hex()}"
    return None


def check_varint(value, data):
    if wire.read_varint(data, 0) != (value, len(data)):
        return f"read as {wire.read_varint(data, 0)}"
    return None if wire.write_varint(value) == data else f"written as {wire.write_varint(value)}"


def check_refusal(data):
    try:
        return f"read as {wire.read_varint(data, 0)}"
    except wire.Fault:
        return None


def check_line(vector):
    def make():
        return wire.LineDecoder(vector["ping"], vector["pong"], vector["lineBytesMax"])

    return check(vector, make, vector["events"])


def check_preface(vector):
    version = vector.get("version")
    expected = [] if version is None else [{"kind": "preface", "version": version}]
    written = None if version is None else wire.PREFACE[:3] + bytes([version])
    return check(vector, lambda: wire.FrameDecoder(vector["role"]), expected, written)


def check_frame(vector):
    def make():
        decoder = wire.FrameDecoder(vector["role"])
        assert list(decoder.feed(wire.PREFACE)) == [{"kind": "preface", "version": 1}]
        return decoder

    frame = dict(vector["frame"]) if "frame" in vector else None
    if frame is not None and "payloadHex" in frame:
        frame["payload"] = bytes.fromhex(frame.pop("payloadHex"))
    written = wire.write_frame(frame) if vector.get("canonical") else None
    return check(vector, make, [] if frame is None else [frame], written)


def check_message(vector):
    assembler = wire.Assembler(vector["messageBytesMax"])
    fault = came = None
    try:
        for part in vector["parts"]:
            payload = bytes.fromhex(part["payloadHex"])
            came = assembler.add(part["type"], part["more"], payload)
    except wire.Fault as raised:
        fault = raised
    if code_of(fault) != vector.get("fault"):
        return f"expected {vector.get('fault')}, came {fault}"
    expected = bytes.fromhex(vector["bytesHex"]) if "bytesHex" in vector else vector.get("text")
    return None if fault or came == expected else f"expected {expected!r}, came {came!r}"


def dialect_of(first):
    return "frame" if first == wire.PREFACE[0] else "line"


def all_checks(vectors):
    """Pairs of a name and what is wrong, one for each vector."""
    varint = vectors["varint"]
    for one in varint["valid"]:
        yield f"varint {one['value']}", check_varint(one["value"], bytes.fromhex(one["hex"]))
    for one in varint["invalid"]:
        yield f"varint, {one['name']}", check_refusal(bytes.fromhex(one["hex"]))
    for one in varint["unfinished"]:
        came = wire.read_varint(bytes.fromhex(one), 0)
        yield f"varint, unfinished {one}", None if came is None else f"read as {came}"
    for one in vectors["line"]:
        yield f"line, {one['name']}", check_line(one)
    for one in vectors["preface"]:
        yield f"preface, {one['name']}", check_preface(one)
    for one in vectors["dialect"]:
        came = dialect_of(bytes.fromhex(one["hex"])[0])
        yield f"dialect, {one['hex']}", None if came == one["dialect"] else f"taken for {came}"
    for one in vectors["frame"]:
        yield f"frame, {one['name']}", check_frame(one)
    for one in vectors["message"]:
        yield f"message, {one['name']}", check_message(one)


def main():
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_PATH
    passed = failed = 0
    for name, wrong in all_checks(json.loads(path.read_text(encoding="utf-8"))):
        if wrong is None:
            passed += 1
        else:
            failed += 1
            print(f"{name}: {wrong}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

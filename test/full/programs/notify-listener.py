"""A service manager's ear: prints each datagram that comes to a Unix socket, as one JSON line.

Descriptors that come along (the barrier of systemd-notify waits for theirs) are closed at once.
"""

import json
import os
import socket
import sys

ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
ear.bind(sys.argv[1])
print(json.dumps({"event": "listening"}), flush=True)
while True:
    data, passed, _, _ = ear.recvmsg(4096, socket.CMSG_SPACE(4 * 16))
    for _, kind, content in passed:
        if kind == socket.SCM_RIGHTS:
            for at in range(0, len(content) - 3, 4):
                os.close(int.from_bytes(content[at : at + 4], sys.byteorder))
    words = data.decode().split("\n")
    print(json.dumps({"event": "notice", "words": [word for word in words if word]}), flush=True)

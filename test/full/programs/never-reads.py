"""A plain client that writes its pings and never reads an answer.

Its receive buffer is as small as the kernel allows. The first `quick` pings fill the buffers of
both kernels, 100 a second; the others come 5 a second, for as long as the connection holds.
"""
import socket, sys, time

port, quick = int(sys.argv[1]), int(sys.argv[2])
peer = socket.socket()
peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
peer.connect(("127.0.0.1", port))
while True:
    peer.sendall(b"ping\n")
    quick -= 1
    time.sleep(0.01 if quick > 0 else 0.2)

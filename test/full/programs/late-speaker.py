"""A plain client that says nothing for a while, then pings each second and prints each answer."""
import socket, sys, time

peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
answers = peer.makefile()
print("connected", flush=True)
time.sleep(float(sys.argv[2]))
while True:
    peer.sendall(b"ping\n")
    print("answered", answers.readline().strip() or "with an end", flush=True)
    time.sleep(1)

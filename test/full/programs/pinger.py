"""A plain client that pings five times a second and reads what comes."""
import socket, sys, time

peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
while True:
    peer.sendall(b"ping\n")
    peer.recv(1024)
    time.sleep(0.2)

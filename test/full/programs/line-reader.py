"""A plain server that reads lines, prints them, and never answers. One thread for each client."""
import socketserver, sys

class Reader(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            print(self.client_address[1], line.decode().strip(), flush=True)

class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

with Server(("127.0.0.1", int(sys.argv[1])), Reader) as server:
    print("listening on", server.server_address[1], flush=True)
    server.serve_forever()

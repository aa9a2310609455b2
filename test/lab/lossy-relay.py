"""A slow and lossy path between two network namespaces, for kernels without netem.

Usage: lossy-relay.py NEAR_NS NEAR_ADDRESS FAR_NS FAR_ADDRESS DELAY_MS LOSS_PERCENT LIFETIME_S

Makes a TUN device in each namespace and carries packets from one to the other: each DELAY_MS late,
in their order, and of a hundred LOSS_PERCENT not at all, in each direction. Says "up" when packets
can pass, and how many were carried and lost at its end. It ends with its parent, when its stdin is
closed, on SIGTERM, and after LIFETIME_S; the devices go with it.
"""
import collections
import ctypes
import fcntl
import os
import random
import select
import signal
import struct
import subprocess
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN = 0x0001
IFF_NO_PI = 0x1000  # Whole IP packets, nothing before them.
PR_SET_PDEATHSIG = 1
PACKET_BYTES_MAX = 2048
QUEUE_PACKETS_MAX = 10_000
LOOK_EVERY_S = 0.5

libc = ctypes.CDLL(None, use_errno=True)


def check(code):
    if code != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def open_device(namespace, address, home):
    """A device that lives in the namespace, while its descriptor is ours."""
    there = os.open("/var/run/netns/" + namespace, os.O_RDONLY)
    check(libc.setns(there, 0))
    os.close(there)
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    request = struct.pack("16sH22x", b"lossy0", IFF_TUN | IFF_NO_PI)
    fcntl.ioctl(device, TUNSETIFF, request)
    subprocess.check_call(["ip", "address", "add", address + "/24", "dev", "lossy0"])
    subprocess.check_call(["ip", "link", "set", "lossy0", "mtu", "1500", "up"])
    check(libc.setns(home, 0))
    return device


class Direction:
    """Packets on their way from one device to the other."""

    def __init__(self, source, target):
        self.source, self.target = source, target
        self.waiting = collections.deque()
        self.carried = self.lost = 0

    def take(self, delay_s, loss):
        while True:
            try:
                packet = os.read(self.source, PACKET_BYTES_MAX)
            except BlockingIOError:
                return
            if random.random() < loss or len(self.waiting) >= QUEUE_PACKETS_MAX:
                self.lost += 1
            else:
                self.waiting.append((time.monotonic() + delay_s, packet))

    def deliver(self, now):
        while self.waiting and self.waiting[0][0] <= now:
            try:
                os.write(self.target, self.waiting.popleft()[1])
                self.carried += 1
            except OSError:
                self.lost += 1  # A full device loses packets, as any does.


def main():
    near_ns, near_address, far_ns, far_address = sys.argv[1:5]
    delay_s, loss = float(sys.argv[5]) / 1e3, float(sys.argv[6]) / 100
    ends_at = time.monotonic() + float(sys.argv[7])
    check(libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    near = open_device(near_ns, near_address, home)
    far = open_device(far_ns, far_address, home)
    there, back = Direction(near, far), Direction(far, near)
    print("up", flush=True)
    now = time.monotonic()
    while now < ends_at:
        due = [way.waiting[0][0] for way in (there, back) if way.waiting]
        wait_s = min([LOOK_EVERY_S] + [max(0, at - now) for at in due])
        readable = select.select([near, far, sys.stdin], [], [], wait_s)[0]
        if sys.stdin in readable and not os.read(sys.stdin.fileno(), 1):
            break
        now = time.monotonic()
        for way in (there, back):
            if way.source in readable:
                way.take(delay_s, loss)
            way.deliver(now)
    for name, way in (("there", there), ("back", back)):
        print(name, way.carried, "carried", way.lost, "lost", flush=True)


main()

/**
 * One datagram to a Unix socket, through the optional package koffi: socket(2), sendto(2).
 *
 * Numbers are those of Linux on all architectures that koffi has binaries for but mips. A socket is
 * made for each datagram: that is seldom, and so none is left open, or inherited.
 */

export interface Datagrams {
  /** What went wrong, or undefined. Does not wait. */
  send(text: string): string | undefined;
}

const AF_UNIX = 1;
/** SOCK_DGRAM, SOCK_NONBLOCK and SOCK_CLOEXEC. */
const DATAGRAM = 2 | 0o4000 | 0o2000000;
const MSG_NOSIGNAL = 0x4000;
/** `sun_path`; a path has a zero behind it. */
const PATH_BYTES_MAX = 108;

/** Undefined wherever this cannot work, or where the address is none of a Unix socket. */
export async function loadDatagrams(address: string): Promise<Datagrams | undefined> {
  const place = process.platform === "linux" ? unixAddress(address) : undefined;
  if (place === undefined) return undefined;
  try {
    const { default: koffi } = await import("koffi");
    const libc = koffi.load(null);
    const open = libc.func("int socket(int, int, int)");
    const close = libc.func("int close(int)");
    const sendTo = libc.func(
      "intptr_t sendto(int, const void *, size_t, int, const void *, uint32_t)",
    );
    return {
      send(text) {
        const fd = open(AF_UNIX, DATAGRAM, 0) as number;
        if (fd < 0) return "no socket could be made";
        const bytes = Buffer.from(text);
        const sent = sendTo(fd, bytes, bytes.length, MSG_NOSIGNAL, place, place.length) as number;
        const code = koffi.errno();
        close(fd);
        return sent === bytes.length ? undefined : `error ${code} of the system`;
      },
    };
  } catch {
    // The package is not installed, or has no binary for this machine: both are ordinary.
    return undefined;
  }
}

/** struct sockaddr_un, in the order of this machine. A name that begins with `@` is abstract. */
export function unixAddress(address: string): Buffer | undefined {
  const isAbstract = address.startsWith("@");
  if (!isAbstract && !address.startsWith("/")) return undefined;
  const path = Buffer.from(isAbstract ? `\0${address.slice(1)}` : `${address}\0`);
  if (path.length > PATH_BYTES_MAX) return undefined;
  const family = Buffer.from(Uint16Array.of(AF_UNIX).buffer);
  return Buffer.concat([family, path]);
}

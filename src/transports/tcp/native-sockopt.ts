/**
 * Options of a TCP socket that Node can neither set nor read, through what Bun brings or through
 * the optional package koffi.
 *
 * Never required: without either, on another system than Linux or without a descriptor,
 * everything else works and says less. Numbers are those of Linux's asm-generic headers
 * (socket.h, tcp.h, ioctls.h), which mips and ppc64 do not share; see socket(7) and tcp(7).
 */
import { bunLibc } from "./bun-libc.ts";

export interface NativeSockopt {
  /** Sets an integer option. False when the kernel refused. */
  set(fd: number, option: SocketOption, value: number): boolean;
  /** Reads an integer option back; undefined when the kernel refused. */
  get(fd: number, option: SocketOption): number | undefined;
  /** Makes the next close of the socket a reset, whoever closes it (SO_LINGER, 0 seconds). */
  resetOnClose(fd: number): boolean;
  /** Bytes written to the socket that its peer has not acknowledged (SIOCOUTQ). */
  unackedBytes(fd: number): number | undefined;
  /** Whether output waits for a shut window of a peer whose kernel answers (TCP_INFO). */
  windowIsShut(fd: number): boolean;
  /** Sets how many connections a listener keeps until they are accepted; the system caps it. */
  setBacklog(fd: number, count: number): boolean;
}

/** The functions of libc, as C has them; what they fill is an array. */
export interface Libc {
  readonly setsockopt: (
    fd: number,
    level: number,
    name: number,
    value: Int32Array,
    bytes: number,
  ) => number;
  readonly getsockopt: (
    fd: number,
    level: number,
    name: number,
    value: Int32Array | Uint8Array,
    length: Uint32Array,
  ) => number;
  readonly ioctl: (fd: number, request: number, value: Int32Array) => number;
  readonly listen: (fd: number, backlog: number) => number;
}

export interface SocketOption {
  readonly level: number;
  readonly name: number;
}

const SOL_SOCKET = 1;
const IPPROTO_TCP = 6;

/** Fewer bytes than so many are none for whoever waits, but not at the end: see socket(7). */
export const SO_RCVLOWAT: SocketOption = { level: SOL_SOCKET, name: 18 };
export const SO_KEEPALIVE: SocketOption = { level: SOL_SOCKET, name: 9 };
export const TCP_KEEPIDLE: SocketOption = { level: IPPROTO_TCP, name: 4 };
export const TCP_KEEPINTVL: SocketOption = { level: IPPROTO_TCP, name: 5 };
export const TCP_KEEPCNT: SocketOption = { level: IPPROTO_TCP, name: 6 };
export const TCP_USER_TIMEOUT: SocketOption = { level: IPPROTO_TCP, name: 18 };

const SO_LINGER: SocketOption = { level: SOL_SOCKET, name: 13 };
/** struct linger: on, for no time. */
const NO_LINGERING: Int32Array = Int32Array.of(1, 0);

const TCP_INFO = 11;
/** Where struct tcp_info has what is needed, in bytes: uapi/linux/tcp.h. */
const INFO = { probes: 3, unackedSegments: 24, bytes: 104 } as const;

const SIOCOUTQ = 0x5411;

const GENERIC_ARCHITECTURES: readonly string[] = [
  "arm",
  "arm64",
  "ia32",
  "loong64",
  "riscv64",
  "s390x",
  "x64",
];

/** Resolves to undefined wherever this cannot work. Never rejects. Load it once. */
export async function loadNativeSockopt(): Promise<NativeSockopt | undefined> {
  if (process.platform !== "linux") return undefined;
  if (!GENERIC_ARCHITECTURES.includes(process.arch)) return undefined;
  const libc = (await bunLibc()) ?? (await koffiLibc());
  return libc === undefined ? undefined : bindSockopt(libc);
}

async function koffiLibc(): Promise<Libc | undefined> {
  try {
    const { default: koffi } = await import("koffi");
    const libc = koffi.load(null);
    const ioctl = libc.func("int ioctl(int, unsigned long, ...)");
    return {
      setsockopt: libc.func("int setsockopt(int, int, int, const void *, uint32_t)"),
      getsockopt: libc.func("int getsockopt(int, int, int, void *, void *)"),
      ioctl: (fd, request, value) => ioctl(fd, request, "void *", value) as number,
      listen: libc.func("int listen(int, int)"),
    };
  } catch {
    // The package is not installed, or has no binary for this machine: both are ordinary.
    return undefined;
  }
}

function bindSockopt({ setsockopt, getsockopt, ioctl, listen }: Libc): NativeSockopt {
  const value = new Int32Array(1);
  const length = new Uint32Array(1);
  const info = new Uint8Array(INFO.bytes);
  return {
    set(fd, option, wanted) {
      value[0] = wanted;
      return setsockopt(fd, option.level, option.name, value, value.byteLength) === 0;
    },
    get(fd, option) {
      length[0] = value.byteLength;
      return getsockopt(fd, option.level, option.name, value, length) === 0 ? value[0] : undefined;
    },
    resetOnClose(fd) {
      const { level, name } = SO_LINGER;
      return setsockopt(fd, level, name, NO_LINGERING, NO_LINGERING.byteLength) === 0;
    },
    unackedBytes(fd) {
      return ioctl(fd, SIOCOUTQ, value) === 0 ? value[0] : undefined;
    },
    windowIsShut(fd) {
      length[0] = info.byteLength;
      if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, length) !== 0) return false;
      // Nothing is in flight, and the last probe of the window but one was answered.
      return (
        new Uint32Array(info.buffer, INFO.unackedSegments, 1)[0] === 0 &&
        (info[INFO.probes] ?? 0) <= 1
      );
    },
    setBacklog: (fd, count) => listen(fd, count) === 0,
  };
}

/** The descriptor under a socket or server of node:net, where there is one to be seen. */
export function descriptorOf(owner: object): number | undefined {
  const handle = (owner as { readonly _handle?: { readonly fd?: unknown } | null })._handle;
  const fd = handle?.fd;
  return typeof fd === "number" && fd >= 0 ? fd : undefined;
}

/**
 * The calls of libc that `NativeSockopt` needs, through what Bun brings itself: no package.
 *
 * The name is no literal, since everybody but Bun would look for a package of that name.
 */
import type { Libc } from "./native-sockopt.ts";

const BUN_FFI: string = "bun:ffi";

const SOCKOPT_BY = ["i32", "i32", "i32", "ptr"] as const;

const SYMBOLS = {
  setsockopt: { args: [...SOCKOPT_BY, "u32"], returns: "i32" },
  getsockopt: { args: [...SOCKOPT_BY, "ptr"], returns: "i32" },
  ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
  listen: { args: ["i32", "i32"], returns: "i32" },
} as const;

interface BunFfi {
  dlopen(name: string, symbols: typeof SYMBOLS): { readonly symbols: Libc };
}

/** Undefined where there is no such thing, or no libc of that name. Never rejects. */
export async function bunLibc(): Promise<Libc | undefined> {
  try {
    const ffi = (await import(BUN_FFI)) as BunFfi;
    return ffi.dlopen("libc.so.6", SYMBOLS).symbols;
  } catch {
    return undefined;
  }
}

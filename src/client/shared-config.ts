/**
 * Lets links that were asked for with the same words share one config, and one reading of a url.
 *
 * Whoever opens ten thousand links opens them alike, and then a config for each would be a third of
 * what a link holds. Only the last one is compared with, and it is not kept alive for that. Easy to
 * break: what is shared is never changed by anybody, and two configs are the same only if nothing
 * tells them apart: functions and objects of classes are, unless they are the very same.
 */
import type { LinkConfig } from "./config.ts";
import type { LinkTarget } from "./target.ts";

export class SharedConfig {
  #config: WeakRef<LinkConfig> | undefined;
  #urls: readonly string[] = [];
  #targets: WeakRef<readonly LinkTarget[]> | undefined;

  /**
   * That of the link before, where it says the same. `ownDial`: what is kept by the dials of a link
   * (sessions of TLS, and with them who was on the other side) stays its own.
   */
  of(config: LinkConfig, ownDial: boolean): LinkConfig {
    const last = this.#config?.deref();
    if (last !== undefined && isSame(last, config)) {
      return ownDial ? { ...last, dial: config.dial } : last;
    }
    this.#config = new WeakRef(config);
    return config;
  }

  /** @throws HoldfastError `URL_INVALID` */
  targets(urls: readonly string[], parse: (url: string) => LinkTarget): readonly LinkTarget[] {
    const last = this.#targets?.deref();
    if (last !== undefined && isSame(this.#urls, urls)) return last;
    const targets = urls.map((url) => parse(url));
    this.#urls = [...urls];
    this.#targets = new WeakRef(targets);
    return targets;
  }
}

/** Compares values as options have them: plain objects and arrays by what is in them. */
export function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (Array.isArray(a) || a instanceof Uint8Array) return haveSameItems(a, b as typeof a);
  if (Object.getPrototypeOf(a) !== Object.prototype) return false;
  return haveSameFields(a as Fields, b as Fields);
}

type Fields = Readonly<Record<string, unknown>>;

function haveSameItems(a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) {
    if (!isSame(a[index], b[index])) return false;
  }
  return true;
}

function haveSameFields(a: Fields, b: Fields): boolean {
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => Object.hasOwn(b, name) && isSame(a[name], b[name]));
}

/**
 * Times within which a death is found, with the sum that they are.
 *
 * A measured answer time lies between two limits, so a bound has two ends as well: `quickPathMs`
 * where answers come back quickly, `ms` on any path. Only `ms` is a promise.
 */

export interface BoundPart {
  readonly name: string;
  readonly ms: number;
  /** The same on a path with short round trips; equal to `ms` for all that is not measured. */
  readonly quickPathMs: number;
}

/** At the latest `ms` after `since`. */
export interface Within {
  readonly kind: "within";
  readonly since: string;
  readonly parts: readonly BoundPart[];
  readonly ms: number;
  readonly quickPathMs: number;
}

/** `nobody`: nobody is ended; deadlines move, by so much for one verdict at the most. */
export type Found =
  | Within
  | { readonly kind: "at once" }
  | { readonly kind: "never" }
  | { readonly kind: "nobody"; readonly movesMsMax: number };

export const LAST_EVIDENCE = "the last evidence of life";
export const AT_ONCE: Found = { kind: "at once" };
export const NEVER: Found = { kind: "never" };

export function part(name: string, ms: number, quickPathMs: number = ms): BoundPart {
  return { name, ms, quickPathMs };
}

export function within(parts: readonly BoundPart[], since: string = LAST_EVIDENCE): Within {
  return {
    kind: "within",
    since,
    parts,
    ms: parts.reduce((sum, { ms }) => sum + ms, 0),
    quickPathMs: parts.reduce((sum, { quickPathMs }) => sum + quickPathMs, 0),
  };
}

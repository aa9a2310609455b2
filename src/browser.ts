/**
 * The door for browsers: pages, workers, and whatever bundler packs them. The same links as the
 * main door gives, over WebSocket; nothing of Node is reached from here.
 */
export {
  ERRORS,
  type ErrorCode,
  type Fault,
  HoldfastError,
  isHoldfastError,
} from "./base/errors.ts";
export type { Observation, Observe } from "./base/observation.ts";
export { printable } from "./base/printable.ts";
export type { IntervalChange } from "./client/link-pace.ts";
export { networkStorage, type StorageLike } from "./client/network-storage.ts";
export type { AbortSignalLike } from "./client/options.ts";
export type {
  LinkCause,
  LinkEndRecord,
  LinkEvents,
  LinkStatus,
  Undelivered,
} from "./client/status.ts";
export type { Beat, Dialect, Message } from "./connection/effects.ts";
export type { EndedBy, EndEvidence, EndRecord } from "./connection/end-record.ts";
export type { NetworkStore } from "./liveness/adaptive/network-book.ts";
export type { AdaptiveOptions } from "./liveness/adaptive-options.ts";
export type { HeartbeatOptions } from "./liveness/options.ts";
export { connect, connectAdaptive, connectLines } from "./ops/browser-connect.ts";
export type { Link } from "./page/page-link.ts";
export type { BrowserConnectOptions, BrowserWebSocketOptions } from "./page/page-options.ts";
export type { RedialOptions } from "./redial/options.ts";
export type { GoAway } from "./wire/frame.ts";
export type { LineOptions } from "./wire/line-options.ts";

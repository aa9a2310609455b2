/** The main door: servers, links, and the words for what they tell. */
export {
  ERRORS,
  type ErrorCode,
  type Fault,
  HoldfastError,
  isHoldfastError,
} from "./base/errors.ts";
export type { Observation, Observe } from "./base/observation.ts";
export { printable } from "./base/printable.ts";
export type { Link } from "./client/link.ts";
export type { IntervalChange } from "./client/link-pace.ts";
export { networkStorage, type StorageLike } from "./client/network-storage.ts";
export type {
  AbortSignalLike,
  ConnectOptions,
} from "./client/options.ts";
export type {
  LinkCause,
  LinkEndRecord,
  LinkEvents,
  LinkStatus,
  Undelivered,
} from "./client/status.ts";
export type { Beat, Dialect, Message } from "./connection/effects.ts";
export type { EndedBy, EndEvidence, EndRecord } from "./connection/end-record.ts";
export type { GuardEvents } from "./guard/flock.ts";
export { type Guard, type GuardDrainOptions, guard } from "./guard/guard.ts";
export type { GuardEvidence, GuardedKind, GuardRecord } from "./guard/guard-record.ts";
export type { GuardStats } from "./guard/guard-stats.ts";
export type {
  ConnectionTarget,
  GuardTarget,
  WebSocketLike,
  WebSocketServerLike,
} from "./guard/guard-target.ts";
export type { GuardedConnection, GuardedInfo } from "./guard/guarded-connection.ts";
export type { GuardOptions, GuardPing } from "./guard/options.ts";
export type { FailureClass } from "./liveness/adaptive/failure-class.ts";
export type { NetworkStore } from "./liveness/adaptive/network-book.ts";
export type { AdaptiveOptions } from "./liveness/adaptive-options.ts";
export type { Verdict } from "./liveness/monitor.ts";
export type { ClientLivenessOptions, HeartbeatOptions } from "./liveness/options.ts";
export { connect } from "./ops/connect.ts";
export type { BoundPart, Found, Within } from "./ops/explain/bound.ts";
export { explain, type Explanation } from "./ops/explain/explain.ts";
export type { Finding } from "./ops/explain/kernel-alone.ts";
export type { Middlebox } from "./ops/explain/middlebox.ts";
export type { ExplainOptions } from "./ops/explain/options.ts";
export type { Passage, Recommendation } from "./ops/explain/passage.ts";
export type { Traffic, TrafficOfAll } from "./ops/explain/traffic.ts";
export type { EndOfWay, WayToDie } from "./ops/explain/way.ts";
export { networkFile } from "./ops/network-file.ts";
export type { RedialOptions } from "./redial/options.ts";
export { listen } from "./server/listen.ts";
export type { ListenOptions } from "./server/options.ts";
export type { Server } from "./server/server.ts";
export type { ServerConnection } from "./server/server-connection.ts";
export type { ServerEvents } from "./server/server-events.ts";
export type { ServerStats } from "./server/server-stats.ts";
export type { KeepaliveOptions } from "./transports/keepalive-options.ts";
export type { ProxyProtocolOptions } from "./transports/proxied/proxy-options.ts";
export type { Pem, TlsVersion } from "./transports/tls/pem-options.ts";
export type { CertificateInForce } from "./transports/tls/certificates-in-force.ts";
export type { TlsClientOptions } from "./transports/tls/tls-client-options.ts";
export type {
  ClientCertificates,
  TlsIdentityOptions,
  TlsServerOptions,
} from "./transports/tls/tls-server-options.ts";
export type {
  CertificateFacts,
  EffectiveKernelOptions,
  ProxiedFacts,
  TlsFacts,
  UpgradeRequest,
} from "./transports/transport.ts";
export type { WebSocketClientOptions } from "./transports/websocket/websocket-client-options.ts";
export type { WebSocketServerOptions } from "./transports/websocket/websocket-server-options.ts";
export type { GoAway } from "./wire/frame.ts";
export type { LineOptions } from "./wire/line-options.ts";
export type { ProxyTls } from "./wire/proxy-reading.ts";

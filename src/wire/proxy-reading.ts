/**
 * What was read of a header of the PROXY protocol; numbers in brackets are sections of "The PROXY
 * protocol, versions 1 & 2" of HAProxy.
 */

export type ProxyVersion = 1 | 2;

export interface ProxyHeader {
  readonly version: ProxyVersion;
  /**
   * Whom the balancer speaks for; undefined when it speaks for itself (LOCAL, its own checks) or
   * does not know (UNKNOWN, UNSPEC, datagrams). Then the connection's own addresses hold.
   */
  readonly source: ProxyEndpoint | undefined;
  /** What that one had connected to. */
  readonly destination: ProxyEndpoint | undefined;
  readonly further: ProxyFurther;
}

export type ProxyEndpoint =
  | { readonly kind: "ip"; readonly address: string; readonly port: number }
  /** `path` may be empty: most clients of Unix sockets have none. */
  | { readonly kind: "unix"; readonly path: string };

/** What version 2 may say besides, as far as it is of use here. All of it is text of the peer. */
export interface ProxyFurther {
  /** The host name that the client asked the balancer for (PP2_TYPE_AUTHORITY, 2.2.2). */
  readonly authority?: string;
  /** The protocol chosen by ALPN (PP2_TYPE_ALPN, 2.2.1). */
  readonly alpn?: string;
  /** What TLS the client spoke with the balancer (PP2_TYPE_SSL, 2.2.6); absent without TLS. */
  readonly tls?: ProxyTls;
}

export interface ProxyTls {
  /** Such as `TLSv1.3`; empty if it was not told. */
  readonly protocol: string;
  readonly cipher: string;
  /** The common name in the client's certificate, or empty. */
  readonly commonName: string;
  /** The client showed a certificate, and the balancer has verified it. */
  readonly isAuthorized: boolean;
}

export type ProxyReading =
  | { readonly kind: "more" }
  | { readonly kind: "header"; readonly header: ProxyHeader; readonly length: number }
  /** `why` completes "expected a header of the PROXY protocol, …". Safe to print. */
  | { readonly kind: "invalid"; readonly why: string };

export const MORE: ProxyReading = { kind: "more" };

export function invalid(why: string): ProxyReading {
  return { kind: "invalid", why };
}

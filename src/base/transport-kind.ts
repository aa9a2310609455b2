/** How bytes are carried: by name, for records, tables and metrics on every floor. */
export type TransportKind = "tcp" | "tls" | "unix" | "websocket" | "memory";

/** The address that a balancer gave, with what else it said. */
import { ipAddress, UNIX_ADDRESS } from "../address.ts";
import type { ProxiedFacts, RemoteAddress } from "../transport.ts";
import type { ProxyEndpoint, ProxyHeader } from "../../wire/proxy-reading.ts";

/** Of whoever speaks for itself, or for nobody it knows, the address is `via`. */
export function addressBy(header: ProxyHeader, via: RemoteAddress): RemoteAddress {
  const { version, source, destination, further } = header;
  if (source === undefined) return via;
  const { text, ip } = addressOf(source);
  const facts: ProxiedFacts = {
    via: via.text,
    version,
    destination: destination === undefined ? undefined : addressOf(destination).text,
    serverName: further.authority,
    alpn: further.alpn,
    tls: further.tls,
  };
  return { text, ip, proxied: facts };
}

/** A path of a Unix socket is of another machine, perhaps, and of nobody's interest. */
function addressOf(endpoint: ProxyEndpoint): RemoteAddress {
  return endpoint.kind === "unix" ? UNIX_ADDRESS : ipAddress(endpoint.address, endpoint.port);
}

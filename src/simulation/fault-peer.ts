/** Applications that do not read, and strangers that misbehave. */
import { type BeginFault, ending, type FaultSite } from "./fault-site.ts";
import { HostilePeer, type Mischief } from "./hostile-peer.ts";
import type { PlannedEvent } from "./plan.ts";
import type { FaultKind } from "./sim-event.ts";

type PeerFault = Extract<FaultKind, "slow-reader" | Mischief>;

export const PEER_FAULTS: Readonly<Record<PeerFault, BeginFault>> = {
  "slow-reader": (site, event) => {
    const [name = ""] = event.hosts;
    const { side, trickles } = event.parameters;
    if (side === "server") {
      const { server } = site;
      if (!server.pauseReading(name)) return undefined;
      return ending(() => server.resumeReading());
    }
    const client = site.client(name);
    client?.slowDown(trickles === true);
    return client === undefined ? undefined : ending(() => client.speedUp());
  },
  flood: (site, event) => misbehave(site, event, "flood"),
  junk: (site, event) => misbehave(site, event, "junk"),
  "mute-peer": (site, event) => misbehave(site, event, "mute-peer"),
};

function misbehave(
  site: FaultSite,
  event: PlannedEvent,
  mischief: Mischief,
): ReturnType<BeginFault> {
  const host = site.host(event.hosts[0] ?? "");
  const server = site.server.host.name;
  const peer = new HostilePeer(host, server, mischief, event.parameters, site.draw(event));
  peer.start();
  return ending(() => peer.stop());
}

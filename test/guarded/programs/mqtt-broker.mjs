/**
 * An MQTT broker: `aedes` over `net`. Its control is its own timer for each client, which gives one
 * and a half times the keepalive that the client has named; in the other modes that is off.
 */
import { createServer } from "node:net";
import { Aedes } from "aedes";
import { heard, mode, serve } from "./life.mjs";

const broker = await Aedes.createBroker({
  preConnect(_, packet, done) {
    if (mode !== "control") packet.keepalive = 0;
    done(null, true);
  },
});
broker.on("publish", (_, client) => {
  if (client !== null) heard();
});
broker.on("clientError", () => {});
broker.on("connectionError", () => {});

const server = createServer(broker.handle);
serve(server, server);

/**
 * A server of both dialects that is asked, between rounds, what it still holds.
 *
 * Usage: node --expose-gc growing-server.mjs <built door> '{"listen": "tcp://…"}'
 */
import { serveCommands } from "./commands.mjs";
import { measureGrowth } from "./growth.mjs";

const { listen } = await import(process.argv[2]);
const server = await listen({ maxConnections: 12_000, ...JSON.parse(process.argv[3]) });
server.on("message", (connection, data) => connection.send(data));

serveCommands({
  urls: () => server.urls,

  open: () => server.stats().open,

  /** Ends every connection that is left, each second one at once. */
  endAll: () => {
    for (const [index, { id }] of server.connections().entries()) {
      const connection = server.connection(id);
      if (index % 2 === 0) connection.close();
      else connection.destroy();
    }
  },

  measure: () => {
    const { open, silent, greeting, refusing, bufferedBytes } = server.stats();
    const rows = server.connections().length;
    return measureGrowth(open + silent + greeting + refusing + bufferedBytes + rows);
  },

  counts: () => {
    const { accepted, ended, rejected, acceptFailures } = server.stats();
    return { accepted, ended, rejected, acceptFailures };
  },
});

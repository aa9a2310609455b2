/**
 * A server and a link all of whose listeners throw, in a process that notes what is uncaught.
 *
 * Usage: throwing.mjs <built door>
 */
import { serveCommands } from "./commands.mjs";

const { connect, listen } = await import(process.argv[2]);

const MESSAGES = ["1", "2", "3", "4", "5"];

let uncaught = {};
process.on("uncaughtException", ({ message }) => {
  uncaught[message] = (uncaught[message] ?? 0) + 1;
});

function thrower(where) {
  return () => {
    throw new Error(where);
  };
}

function throwFromAll(server) {
  for (const name of ["accepted", "connection", "message", "beat", "delivered", "end"]) {
    server.on(name, thrower(`server ${name}`));
  }
  server.on("connection", (connection) => {
    for (const name of ["message", "delivered", "end"]) {
      connection.on(name, thrower(`connection ${name}`));
    }
  });
}

function throwFromLink(link) {
  for (const name of ["message", "beat", "connectionEnd", "end"]) {
    link.on(name, thrower(`link ${name}`));
  }
  link.on("status", ({ name }) => thrower(`link status ${name}`)());
}

let server;
const ends = { thrower: [], link: [] };

serveCommands({
  /** Returns the url. Those that throw come first, so that the others show that they run. */
  serve: async (options) => {
    uncaught = {};
    ends.thrower = [];
    ends.link = [];
    server = await listen(options);
    throwFromAll(server);
    server.on("end", (_, { code }) => ends.thrower.push(code));
    server.on("message", (connection, data) => connection.send(data));
    return server.urls[0];
  },

  throwEverywhere: async ({ url, options }) => {
    const link = connect(url, { heartbeat: { intervalMs: 50 }, ...options });
    throwFromLink(link);
    link.on("end", ({ code }) => ends.link.push(code));
    const echoed = [];
    const whole = new Promise((resolve) => {
      link.on("message", (data) => {
        echoed.push(data);
        if (echoed.length === MESSAGES.length) resolve();
      });
    });
    const beaten = new Promise((resolve) => link.on("beat", resolve));
    const gone = new Promise((resolve) => server.on("end", resolve));
    for (const message of MESSAGES) link.send(message);
    await whole;
    await beaten;
    await link.close();
    // Where no last frame says it, the server learns of it a moment later than the link.
    await gone;
    await server.close();
    // What is reported from a microtask has been by then.
    await new Promise((resolve) => setImmediate(resolve));
    return { uncaught, echoed, ends };
  },
});

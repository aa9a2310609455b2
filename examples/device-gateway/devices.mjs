/**
 * Which devices there are, when each was last heard, and what became of every command.
 *
 * It opens nothing and has no timer: the server finds who is gone, and tells in its end record why.
 * What is easy to break: a command is done when the device says so, not when `send` took it. A
 * connection that is lost takes what was under way with it, and whoever gave the command is told.
 */
import { isHoldfastError } from "holdfast";

/** @import { EndRecord, ServerConnection } from "holdfast" */

/** @typedef {(line: string) => void} Tell */

/**
 * @typedef {object} Device
 * @property {string} name
 * @property {ServerConnection | undefined} connection Undefined while it is away.
 * @property {number} awaySince Milliseconds since 1970.
 * @property {string} why The sentence of its last end record.
 * @property {Map<number, Tell>} commands Under way: their numbers, and whom to tell.
 */

/** Safe to print, and short enough for a table. */
const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;
/** A device that answers no command must not make this list grow. */
const COMMANDS_MAX = 100;
/** Away ones above it are forgotten, the longest away first. */
const DEVICES_MAX = 10_000;

export class Devices {
  /** @type {Map<string, Device>} Those that are away stand in the order in which they left. */
  #devices = new Map();
  /** @type {Map<ServerConnection, Device>} */
  #byConnection = new Map();
  /** @type {Map<ServerConnection, Tell>} */
  #watchers = new Map();
  #log;
  #commandCount = 0;

  /** @param {Tell} log */
  constructor(log) {
    this.#log = log;
  }

  /** @param {ServerConnection} connection @returns {string | undefined} */
  nameOf(connection) {
    return this.#byConnection.get(connection)?.name;
  }

  /**
   * @param {string} name
   * @param {ServerConnection} connection
   * @returns {string} What to answer.
   */
  register(name, connection) {
    if (!NAME.test(name)) return "error: a name is 1 to 32 of a-z, 0-9 and -";
    const already = this.nameOf(connection);
    if (already !== undefined && already !== name) return `error: you are ${already} already`;
    const device = this.#devices.get(name) ?? newDevice(name);
    // Whoever comes back is here; the connection before may be half open for a minute yet.
    if (device.connection !== undefined && device.connection !== connection) {
      this.#lose(device, `${name} came in again`).destroy();
    }
    device.connection = connection;
    this.#devices.set(name, device);
    this.#byConnection.set(connection, device);
    this.#forgetSome();
    const { transport, tls } = connection.info();
    this.#tell(`${name} is online from ${connection.remote} (${tls ?? transport})`);
    return `ok ${name}`;
  }

  /** @param {ServerConnection} connection @param {string} line */
  reading(connection, line) {
    this.#tell(`${this.nameOf(connection)}: ${line}`);
  }

  /**
   * Sends a command; `tell` hears exactly once, later, whether it was done.
   *
   * @param {string} name
   * @param {string} text
   * @param {Tell} tell
   */
  command(name, text, tell) {
    const device = this.#devices.get(name);
    const number = ++this.#commandCount;
    const refuse = (/** @type {string} */ why) => tell(`${number} undelivered: ${why}`);
    if (device === undefined) return refuse("no device of that name was ever here");
    const { connection, commands } = device;
    if (connection === undefined) return refuse(`${name} is offline: ${device.why}`);
    if (commands.size >= COMMANDS_MAX)
      return refuse(`${name} has not done the last ${COMMANDS_MAX}`);
    try {
      connection.send(`do ${number} ${text}`);
    } catch (error) {
      if (isHoldfastError(error)) return refuse(error.message);
      throw error;
    }
    commands.set(number, tell);
    tell(`${number} sent to ${name}`);
  }

  /** @param {ServerConnection} connection @param {number} number */
  done(connection, number) {
    const commands = this.#byConnection.get(connection)?.commands;
    const tell = commands?.get(number);
    if (tell === undefined) return;
    commands?.delete(number);
    tell(`${number} done by ${this.nameOf(connection)}`);
  }

  /** @param {ServerConnection} connection @param {Tell} tell */
  watch(connection, tell) {
    this.#watchers.set(connection, tell);
    tell("you will be told who comes, who goes, and what is measured");
  }

  /** @param {ServerConnection} connection */
  unwatch(connection) {
    this.#watchers.delete(connection);
  }

  /** @param {ServerConnection} connection @param {EndRecord} record */
  ended(connection, record) {
    const device = this.#byConnection.get(connection);
    if (device !== undefined) this.#lose(device, record.sentence);
  }

  /** @returns {string[]} */
  list() {
    const rows = [...this.#devices.values()].map(rowOf).toSorted();
    return [...rows, `${rows.length} devices, ${this.#byConnection.size} online`];
  }

  /** @param {Device} device @param {string} why @returns {ServerConnection} */
  #lose(device, why) {
    const { name, connection, commands } = device;
    if (connection === undefined) throw new Error(`${name} was away already`);
    device.connection = undefined;
    device.awaySince = Date.now();
    device.why = why;
    this.#byConnection.delete(connection);
    this.#devices.delete(name);
    this.#devices.set(name, device);
    this.#tell(`${name} is offline: ${why}`);
    for (const [number, tell] of commands) tell(`${number} undelivered: ${name} left: ${why}`);
    commands.clear();
    return connection;
  }

  #forgetSome() {
    if (this.#devices.size <= DEVICES_MAX) return;
    const away = [...this.#devices.values()].find(({ connection }) => connection === undefined);
    if (away !== undefined) this.#devices.delete(away.name);
  }

  /** @param {string} line */
  #tell(line) {
    this.#log(line);
    for (const tell of this.#watchers.values()) tell(line);
  }
}

/** @param {string} name @returns {Device} */
function newDevice(name) {
  return { name, connection: undefined, awaySince: 0, why: "", commands: new Map() };
}

/** @param {Device} device */
function rowOf({ name, connection, awaySince, why }) {
  const start = name.padEnd(16);
  if (connection === undefined)
    return `${start} offline for ${seconds(Date.now() - awaySince)}: ${why}`;
  const { heardMsAgo = 0, verdict, tls, transport } = connection.info();
  return `${start} ${verdict}, heard ${seconds(heardMsAgo)} ago, over ${tls ?? transport}`;
}

/** @param {number} ms */
function seconds(ms) {
  return `${(ms / 1_000).toFixed(1)} s`;
}

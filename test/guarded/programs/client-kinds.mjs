/**
 * One client of each kind. `isAsked` means that its server asks it whether it is there, and that it
 * answers; who is not asked has to say something by itself.
 *
 * MQTT clients are those of `mqtt`, unmodified, with one option: their timer is six times as slow.
 * By itself such a client gives up half a keepalive after a question that was not answered, no
 * later than the broker does, and a stall would not tell which of the two it was.
 */
import { connect as connectTcp } from "node:net";
import { connect as connectMqtt } from "mqtt";
import { WebSocket } from "ws";

const GREETING = "how are you?";
const decoder = new TextDecoder();

export const KINDS = {
  "ws-echo": Object.assign(webSocket, { isAsked: true }),
  "ws-chat": Object.assign(webSocket, { isAsked: true }),
  "plain-path": Object.assign((options) => webSocket(options, "/plain"), { isAsked: false }),
  "socket-io": Object.assign(socketIo, { isAsked: true }),
  mqtt: Object.assign(mqtt, { isAsked: false }),
  line: Object.assign(line, { isAsked: false }),
};

function webSocket({ host, port, index, onOpen, onAnswer, onEnd }, path = "/") {
  const socket = new WebSocket(`ws://${host}:${port}${path}`, { perMessageDeflate: false });
  const mine = `${GREETING} ${index}`;
  socket.on("open", () => onOpen(socket._socket.localPort));
  socket.on("message", (data) => {
    if (decoder.decode(data) === mine) onAnswer();
  });
  socket.on("error", () => {});
  socket.on("close", onEnd);
  return {
    say: () => socket.send(mine),
    isOver: () => socket.readyState !== WebSocket.OPEN,
  };
}

/** What socket.io's own client says over WebSocket: protocol 4 of engine.io, 5 of socket.io. */
function socketIo({ host, port, onOpen, onAnswer, onEnd }) {
  const address = `ws://${host}:${port}/socket.io/?EIO=4&transport=websocket`;
  const socket = new WebSocket(address, { perMessageDeflate: false });
  socket.on("message", (data) => {
    const text = decoder.decode(data);
    if (text.startsWith("0")) socket.send("40");
    else if (text.startsWith("40")) onOpen(socket._socket.localPort);
    else if (text === "2") socket.send("3");
    else if (text.startsWith("42")) onAnswer();
  });
  socket.on("error", () => {});
  socket.on("close", onEnd);
  return {
    say: () => socket.send(`42["m","${GREETING}"]`),
    isOver: () => socket.readyState !== WebSocket.OPEN,
  };
}

function mqtt({ host, port, index, keepaliveS, onOpen, onAnswer, onEnd }) {
  const client = connectMqtt(`mqtt://${host}:${port}`, {
    keepalive: keepaliveS,
    reconnectPeriod: 0,
    connectTimeout: 60_000,
    timerVariant: { set: (call, ms) => setInterval(call, 6 * ms), clear: clearInterval },
  });
  const topic = `greetings/${process.pid}/${index}`;
  let isOver = false;
  client.on("connect", () => {
    client.subscribe(topic, () => onOpen(client.stream.localPort));
  });
  client.on("message", () => onAnswer());
  client.on("error", () => {});
  client.on("close", () => {
    if (isOver) return;
    isOver = true;
    onEnd();
  });
  return { say: () => client.publish(topic, GREETING), isOver: () => isOver };
}

function line({ host, port, onOpen, onAnswer, onEnd }) {
  const socket = connectTcp(port, host, () => onOpen(socket.localPort));
  socket.setNoDelay(true);
  socket.on("data", () => onAnswer());
  socket.on("error", () => {});
  socket.on("close", onEnd);
  return { say: () => socket.write(`${GREETING}\n`), isOver: () => socket.destroyed };
}

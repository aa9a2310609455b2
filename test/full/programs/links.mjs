/**
 * Many Holdfast links in one process, both dialects in turn.
 *
 *     node links.mjs '{"dist": "file:///…/index.js", "port": 8080, "count": 300, "options": {…}}'
 */
import { obey, tell } from "./orders.mjs";
import { Staller } from "./stall.mjs";

const { dist, port, count, options, boundMs } = JSON.parse(process.argv[2]);
const { connect } = await import(dist);
/** After a stall all that waited is read at once; a while later each is answered again. */
const CALM_MS = 1_000;
const staller = new Staller();
const answeredAt = new Array(count).fill(0);
const isOnline = new Array(count).fill(false);
let ended = 0;

for (let index = 0; index < count; index++) {
  const dialect = index % 2 === 0 ? "frame" : "line";
  const url = `${dialect === "frame" ? "tcp" : "line"}://127.0.0.1:${port}`;
  const link = connect(url, options);
  link.on("status", ({ name }) => {
    if (name !== "online") return;
    isOnline[index] = true;
    if (isOnline.every(Boolean)) tell("ready", { open: count });
  });
  link.on("beat", () => {
    answeredAt[index] = performance.now();
    staller.enterIo();
  });
  link.on("connectionEnd", (record) => {
    ended += 1;
    const { undelivered: _, cause, ...rest } = record;
    tell("end", { index, ...rest, cause: cause?.message });
  });
}

obey({
  stall(where, ms, afterMs) {
    const then = () => {
      const endedAt = performance.now();
      // Whom a timer that knows the last answer only would have ended now.
      const late = answeredAt.filter((at) => endedAt - at >= boundMs).length;
      tell("stalled", { where, wouldEnd: late });
      tellWhenAnswered(endedAt + CALM_MS);
    };
    setTimeout(() => staller.arm(where, Number(ms), then), Number(afterMs));
  },
  watch: () => tellWhenAnswered(performance.now()),
  report: () => tell("report", { ended, open: isOnline.filter(Boolean).length }),
});

/** Tells "heard" once every link was answered after `at`. */
function tellWhenAnswered(at) {
  const heard = answeredAt.filter((answered) => answered > at).length;
  if (heard === count) tell("heard", { heard });
  else setTimeout(tellWhenAnswered, 50, at);
}

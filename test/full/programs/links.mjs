/**
 * Many Holdfast links in one process. They share out the targets among themselves: each is a url,
 * the options that belong to it, and the name by which it is counted.
 *
 *     node links.mjs '{"dist": "file:///…/index.js", "targets": [{"name": "tcp", "url": "tcp://…",
 *       "options": {}}], "count": 300, "options": {…}}'
 */
import { obey, tell } from "./orders.mjs";
import { Staller } from "./stall.mjs";

const { dist, targets, count, options, boundMs } = JSON.parse(process.argv[2]);
const { connect } = await import(dist);
/** After a stall all that waited is read at once; a while later each is answered again. */
const CALM_MS = 1_000;
const staller = new Staller();
const answeredAt = new Array(count).fill(0);
const isOnline = new Array(count).fill(false);
let ended = 0;

for (let index = 0; index < count; index++) {
  const target = targetOf(index);
  const link = connect(target.url, { ...options, ...target.options });
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
    tell("end", { index, url: target.url, ...rest, cause: cause?.message });
  });
}

obey({
  stall(where, ms, afterMs) {
    const then = () => {
      const endedAt = performance.now();
      // Whom a timer that knows the last answer only would have ended now.
      const wouldEnd = {};
      for (const [index, at] of answeredAt.entries()) {
        const { name } = targetOf(index);
        if (endedAt - at >= boundMs) wouldEnd[name] = (wouldEnd[name] ?? 0) + 1;
      }
      tell("stalled", { where, wouldEnd });
      tellWhenAnswered(endedAt + CALM_MS);
    };
    setTimeout(() => staller.arm(where, Number(ms), then), Number(afterMs));
  },
  watch: () => tellWhenAnswered(performance.now()),
  report: () => tell("report", { ended, open: isOnline.filter(Boolean).length }),
});

function targetOf(index) {
  return targets[index % targets.length];
}

/** Tells "heard" once every link was answered after `at`. */
function tellWhenAnswered(at) {
  const heard = answeredAt.filter((answered) => answered > at).length;
  if (heard === count) tell("heard", { heard });
  else setTimeout(tellWhenAnswered, 50, at);
}

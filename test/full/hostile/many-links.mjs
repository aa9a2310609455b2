/**
 * A thousand links, opened and closed again and again in one process.
 *
 * Usage: node --expose-gc many-links.mjs <built door> '[{"url": "tcp://…", "options": {}}]'
 */
import { serveCommands } from "./commands.mjs";
import { measureGrowth } from "./growth.mjs";

const [door, targetsJson] = process.argv.slice(2);
const targets = JSON.parse(targetsJson);
const { connect } = await import(door);

let open = 0;

async function live(index) {
  const target = targets[index % targets.length];
  const link = connect(target.url, {
    ...target.options,
    // One in three has its own timer, because it does not share the usual tolerance.
    ...(index % 3 === 0 ? { stallToleranceMs: 300 } : {}),
  });
  open += 1;
  link.on("end", () => {
    open -= 1;
  });
  link.send(`hello ${index}`);
  for await (const echo of link) {
    if (echo === `hello ${index}`) break;
  }
  return link;
}

async function leave(link, index) {
  if (index % 2 === 0) return (await link.close("the round is over")).code;
  const ended = link.ended;
  link.close();
  return (await ended).code;
}

serveCommands({
  /** Opens, exchanges a message, closes. Returns how they ended. */
  round: async ({ count }) => {
    const links = await Promise.all(Array.from({ length: count }, (_, index) => live(index)));
    const ends = {};
    for (const code of await Promise.all(links.map(leave))) ends[code] = (ends[code] ?? 0) + 1;
    return ends;
  },

  measure: () => measureGrowth(open),
});

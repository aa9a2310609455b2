/** What runs in the page of a test: one link, and all that it told, with the time of it. */
import { connect } from "/dist/browser.js";

window.told = [];
window.ticks = 0;

const tell = (event, what = {}) =>
  window.told.push({ event, atMs: Math.round(performance.now()), ...what });

window.begin = (url, options) => {
  const link = connect(url, { redial: { attemptsMax: false }, ...options });
  window.link = link;
  link.on("status", (status) =>
    tell(status.name, { code: status.cause?.code, delayMs: status.delayMs, at: status.url }),
  );
  link.on("message", (data) => tell("message", { length: data.length }));
  link.on("undelivered", ({ messages }) => tell("undelivered", { count: messages.length }));
  link.on("connectionEnd", ({ code, sentence }) => tell("end of connection", { code, sentence }));
};

for (const type of ["pageshow", "pagehide"]) {
  addEventListener(type, ({ persisted }) => tell(type, { persisted }));
}
for (const type of ["freeze", "resume"]) document.addEventListener(type, () => tell(type));

setInterval(() => {
  window.ticks += 1;
}, 100);

/**
 * The far end of far-process.ts: answers each command of the parent by what the function of that
 * name returns. The process ends with its parent.
 *
 * @param {Record<string, (args: never) => unknown>} commands
 */
export function serveCommands(commands) {
  const answer = async ({ id, command, args }) => {
    try {
      process.send({ id, result: await commands[command](args) });
    } catch (error) {
      process.send({ id, failure: String(error?.stack ?? error) });
    }
  };
  process.on("message", (order) => void answer(order));
  process.on("disconnect", () => process.exit(0));
  process.send({ id: 0, result: "ready" });
}

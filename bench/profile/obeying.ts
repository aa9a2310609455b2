/**
 * The child's end of the channel: one answer to each order, and an end with the parent.
 *
 * What is easy to break: an error must come back as an answer, or the parent would wait for ever.
 */
import { type Answer, type Ask, READY_ID } from "./orders.ts";

/** Tells the parent `ready`, then carries out orders until the parent is gone. */
export function obey<Order>(ready: unknown, carryOut: (order: Order) => unknown): void {
  process.on("disconnect", () => process.exit(0));
  process.on("message", (ask: Ask<Order>) => {
    void answer(ask, carryOut); // It reports its own errors.
  });
  tell({ id: READY_ID, result: ready });
}

async function answer<Order>(ask: Ask<Order>, carryOut: (order: Order) => unknown): Promise<void> {
  try {
    tell({ id: ask.id, result: await carryOut(ask.order) });
  } catch (error) {
    tell({ id: ask.id, error: error instanceof Error ? (error.stack ?? error.message) : "?" });
  }
}

function tell(message: Answer): void {
  process.send?.(message);
}

/** What the parent passed as the only argument. */
export function settingsGiven<Settings>(): Settings {
  return JSON.parse(process.argv[2] ?? "{}") as Settings;
}

import { createServer, type ListenOptions, type Server } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { choosePortSharing } from "./port-sharing.ts";

/** Resolves with whether a second listener may stand beside the first, as the option says. */
async function canBindTwice(): Promise<boolean> {
  const listen = (server: Server, port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const place: ListenOptions & { readonly reusePort: boolean } = {
        host: "127.0.0.1",
        port,
        reusePort: true,
      };
      server.once("error", reject);
      server.listen(place, resolve);
      onTestFinished(() => void server.close());
    });
  const first = createServer();
  await listen(first, 0);
  const address = first.address();
  const port = typeof address === "object" ? address?.port : 0;
  return await listen(createServer(), port ?? 0).then(
    () => true,
    () => false,
  );
}

test("each listens by itself only where two can", async () => {
  const expected = (await canBindTwice()) ? "reuse-port" : "one-handle";
  expect(await choosePortSharing()).toBe(expected);
});

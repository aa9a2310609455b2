/** Serves the built package and a bare page to a browser, as a web server would. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { TestContext } from "vitest";
import { ROOT } from "../../scripts/house.ts";

const PAGE = `<!doctype html><meta charset="utf-8"><title>page</title>
<script type="module" src="/test/full/programs/page.mjs"></script>`;

/** Returns the port. */
export async function servePage(test: TestContext): Promise<number> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://page");
    if (pathname === "/" || pathname === "/other") {
      response.setHeader("content-type", "text/html");
      response.end(PAGE);
      return;
    }
    const isOurs = /^\/(?:dist|test\/full\/programs)\/[\w./-]+\.m?js$/.test(pathname);
    const file = isOurs && !pathname.includes("..") ? join(ROOT, pathname) : "";
    readFile(file).then(
      (body) => response.setHeader("content-type", "text/javascript").end(body),
      () => response.writeHead(404).end(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  test.onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

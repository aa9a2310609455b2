/**
 * Links of a page over a pretended network: the rig of ordinary links, with their urls said as a
 * page says them.
 */
import type { Observation } from "../../src/base/observation.ts";
import { ADAPTING } from "../../src/page/adapting.ts";
import { LINES } from "../../src/page/lines.ts";
import { connectOnPage, type Link } from "../../src/page/page-link.ts";
import type { BrowserConnectOptions } from "../../src/page/page-options.ts";
import type { PageNews, PagePlatform, PageSource } from "../../src/page/page-platform.ts";
import { openMemory } from "../../src/transports/memory/memory-network.ts";
import { LinkRig } from "./link-rig.ts";
import { pretendedWebSocket } from "./pretended-web-socket.ts";

/** A page that does as it is told. */
export class FakePage implements PageSource {
  isHidden = false;
  isOffline = false;
  listeners = 0;
  readonly #tell = new Set<(news: PageNews) => void>();

  listen(tell: (news: PageNews) => void): () => void {
    this.#tell.add(tell);
    this.listeners += 1;
    return () => {
      this.#tell.delete(tell);
      this.listeners -= 1;
    };
  }

  say(news: PageNews): void {
    if (news === "hidden" || news === "visible") this.isHidden = news === "hidden";
    if (news === "offline" || news === "online") this.isOffline = news === "offline";
    for (const tell of [...this.#tell]) tell(news);
  }
}

export class PageRig extends LinkRig {
  readonly page: FakePage;
  readonly #platform: PagePlatform;

  constructor(page: FakePage = new FakePage()) {
    super();
    this.page = page;
    const { clock, report, network } = this;
    this.#platform = {
      clock,
      report,
      page,
      random: { next: () => 0.5 },
      WebSocket: pretendedWebSocket((url) => {
        const name = /\/\/([^/]*)/.exec(url)?.[1] ?? "";
        this.dialled.push(name);
        return openMemory({ network, name });
      }),
    };
  }

  /** `tcp://` stands for `ws://`, and `line://` for `line+ws://`. */
  override connect(
    url: string | readonly string[],
    options: BrowserConnectOptions = {},
  ): ReturnType<LinkRig["connect"]> {
    const urls = [url]
      .flat()
      .map((one) => one.replace(/^tcp:/, "ws:").replace(/^line:/, "line+ws:"));
    const observe = (observation: Observation): void => void this.observed.push(observation);
    const extras = { lines: LINES, adapting: ADAPTING };
    const link = connectOnPage(this.#platform, urls, { observe, ...options }, extras);
    this.listenTo(link);
    return link as unknown as ReturnType<LinkRig["connect"]>;
  }

  /** As `connect`, by the type that pages have. */
  open(url: string | readonly string[], options: BrowserConnectOptions = {}): Link {
    return this.connect(url, options);
  }
}

/**
 * The samples of docs/guides/browser.md run, against a real server. The browser's WebSocket is that
 * of `ws` here, and of each framework there is as much as its recipe touches.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { blocksOf, newSampleFolder } from "../support/samples.ts";
import { serving } from "./cli-harness.ts";

const GUIDE = "docs/guides/browser.md";

const START = `
import { WebSocket } from "ws";
globalThis.WebSocket = WebSocket;
const url = process.argv[2];
const until = async (holds) => {
  for (let waitedMs = 0; !holds(); waitedMs += 10) {
    if (waitedMs > 10_000) throw new Error("it took more than ten seconds");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};
const done = (what) => {
  console.log(JSON.stringify(what));
  process.exit(0);
};
`;

const STUBS: Readonly<Record<string, string>> = {
  react: `
    const states = [];
    let at = 0;
    let cleanUp;
    export const useState = (first) => {
      const state = (states[at++] ??= { value: first });
      const set = (next) => {
        state.value = typeof next === "function" ? next(state.value) : next;
      };
      return [state.value, set];
    };
    export const useEffect = (run) => {
      cleanUp ??= run();
    };
    export const render = (hook) => {
      at = 0;
      return hook();
    };
    export const unmount = () => cleanUp();
  `,
  vue: `
    export const ref = (value) => ({ value });
    export const shallowRef = ref;
    export const onScopeDispose = (run) => {
      globalThis.dispose = run;
    };
  `,
  "svelte/store": `
    export const readable = (first, start) => ({
      subscribe: (run) => {
        run(first);
        return start(run);
      },
    });
    export const writable = (value) => {
      const runs = [];
      return {
        subscribe: (run) => {
          runs.push(run);
          run(value);
        },
        update: (change) => {
          value = change(value);
          for (const run of runs) run(value);
        },
      };
    };
  `,
};

const DRIVERS: Readonly<Record<string, string>> = {
  react: `
    const { useLink } = await import("./sample.mjs");
    const { render, unmount } = await import("./stub.mjs");
    const look = () => render(() => useLink(url));
    await until(() => look().status === "online");
    look().send("hi");
    await until(() => look().messages.length > 0);
    const { status, messages } = look();
    unmount();
    await until(() => look().status === "ended");
    done([status, ...messages]);
  `,
  vue: `
    const { useLink } = await import("./sample.mjs");
    const { status, messages, send } = useLink(url);
    await until(() => status.value === "online");
    send("hi");
    await until(() => messages.value.length > 0);
    const seen = [status.value, ...messages.value];
    globalThis.dispose();
    await until(() => status.value === "ended");
    done(seen);
  `,
  "svelte/store": `
    const { openLink } = await import("./sample.mjs");
    const { status, messages, send, close } = openLink(url);
    let name;
    let all;
    const stop = status.subscribe((value) => {
      name = value;
    });
    messages.subscribe((value) => {
      all = value;
    });
    await until(() => name === "online");
    send("hi");
    await until(() => all.length > 0);
    stop();
    await close();
    done([name, ...all]);
  `,
};

async function runSample(sample: string, stub: string, driver: string): Promise<string> {
  const { folder, remove } = newSampleFolder();
  onTestFinished(remove);
  const { port } = await serving("--echo");
  const url = `ws://127.0.0.1:${port}/`;
  const here = sample
    .replace("wss://chat.example.org/live", url)
    .replaceAll(/from "(?:react|vue|svelte\/store)"/g, 'from "./stub.mjs"');
  writeFileSync(join(folder, "sample.mjs"), here);
  writeFileSync(join(folder, "stub.mjs"), stub);
  writeFileSync(join(folder, "main.mjs"), `${START}${driver}`);
  const child = spawn(process.execPath, [join(folder, "main.mjs"), url], { timeout: 15_000 });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (driver === FIRST && said.includes("hello\n")) child.kill("SIGKILL");
    });
  }
  await once(child, "close");
  return said;
}

const FIRST = 'await import("./sample.mjs");';
const samples = blocksOf(GUIDE, "js");

test("the first sample says hello", async () => {
  expect(await runSample(samples[0] ?? "", "", FIRST)).toBe("connecting\nonline\nhello\n");
});

for (const [name, driver] of Object.entries(DRIVERS)) {
  test(`the recipe for ${name} shows what it should, and ends with its component`, async () => {
    const sample = samples.find((one) => one.includes(`from "${name}"`));
    const said = await runSample(sample ?? "", STUBS[name] ?? "", driver);
    expect(said).toBe('["online","hi"]\n');
  });
}

test("each sample of the guide is run", () => {
  expect(samples).toHaveLength(1 + Object.keys(DRIVERS).length);
});

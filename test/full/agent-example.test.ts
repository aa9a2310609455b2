/**
 * The example examples/agent-behind-nat behind a real router that forgets: the interval grows until
 * the router has forgotten a flow, the agent says so, comes back by itself, and stays below.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, type TestContext } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import { canHaveLab, LAB_NEEDS } from "../lab/lab.ts";
import { type Host, Network } from "../lab/network.ts";
import { Processes, type Program } from "../support/processes.ts";
import { hasTool, skipUnless } from "../support/requires.ts";
import { tempFolder } from "../support/temp-folder.ts";

const FORGET_S = 8;
const MIN_S = 2;
const LOOK_EVERY_MS = 500;
/** In a row, on one connection: then the interval has settled. */
const BEATS = 5;
const LIMIT_MS = 150_000;
const FORGOTTEN = "the server never saw the last ping: the path had forgotten the flow";

const behindNat = skipUnless(canHaveLab && hasTool("nft"), `${LAB_NEEDS}, and \`nft\``);

function example(processes: Processes, host: Host, file: string, ...args: string[]): Program {
  const path = join(ROOT, "examples/agent-behind-nat", file);
  const command = ["netns", "exec", host.namespace, process.execPath, path, ...args];
  return processes.start("ip", command, { AGENT_TOKEN: "a secret of the test" });
}

function lab(context: TestContext): Network {
  const network = new Network();
  context.onTestFinished(() => network.remove());
  network.build();
  network.translateAddresses(FORGET_S);
  return network;
}

interface Row {
  readonly heardS: number;
  readonly leaseS: number;
}

/** What the controller knows of its agent now; undefined while there is none. */
async function look(controller: Program): Promise<Row | undefined> {
  const before = controller.stdout.length;
  controller.write("list\n");
  const said = await controller.until("a table", () => {
    const text = controller.stdout.slice(before);
    return /\d agents\n/.test(text) ? text : undefined;
  });
  const found = /^pi-7 {2}alive, heard ([\d.]+) s ago, may be silent for ([\d.]+) s$/m.exec(said);
  return found === null ? undefined : { heardS: Number(found[1]), leaseS: Number(found[2]) };
}

/** Waits until a connection has been heard some times in a row, and tells its lease then. */
async function settled(controller: Program): Promise<number> {
  const endAt = Date.now() + LIMIT_MS / 2;
  let beats = 0;
  let last: Row | undefined;
  while (Date.now() < endAt) {
    const row = await look(controller);
    if (row === undefined) beats = 0;
    else if (last !== undefined && row.heardS < last.heardS) beats += 1;
    if (row !== undefined && beats >= BEATS) return row.leaseS;
    last = row;
    await new Promise((wake) => setTimeout(wake, LOOK_EVERY_MS));
  }
  throw new Error(`no ${BEATS} beats in a row, but:\n${controller.stdout}`);
}

behindNat(
  "an agent finds what its router allows, stays below that, and knows it at its next start",
  async (context) => {
    const network = lab(context);
    const processes = new Processes(context);
    const { address } = network.far;
    const controller = example(processes, network.far, "controller.mjs", "--host", address);
    await controller.says(/listening on tcp:/);
    const networks = join(tempFolder(), "networks.json");
    const flags = ["--name", "pi-7", "--networks", networks, "--min", String(MIN_S)];
    const url = `tcp://${address}:8080`;
    const agent = example(processes, network.near, "agent.mjs", ...flags, "--max", "60", url);

    await agent.says(new RegExp(FORGOTTEN), LIMIT_MS / 2);
    const leaseS = await settled(controller);
    console.log(
      `${agent.stdout}settled at ${leaseS} s, where the router forgets after ${FORGET_S} s`,
    );
    expect(leaseS).toBeGreaterThan(MIN_S);
    expect(leaseS).toBeLessThanOrEqual(FORGET_S + 1);
    expect(agent.stdout).toMatch(
      /^interval 2\.0 s -> 3\.0 s: the path has shown that it allows more$/m,
    );
    controller.write("ask pi-7 uptime\n");
    await controller.says(/^pi-7: 1 up for \d+\.\d s$/m);

    expect(JSON.parse(readFileSync(networks, "utf8"))).toMatchObject({
      networks: [{ memory: { broken: { gapMs: expect.any(Number) } } }],
    });
    agent.signal("SIGTERM");
    expect(await agent.exit).toEqual({ code: 0, signal: null });
    await controller.says(/^pi-7 left: closed by the peer/m);
    const again = example(processes, network.near, "agent.mjs", ...flags, "--max", "60", url);
    const againS = await settled(controller);
    expect(againS).toBeGreaterThan(MIN_S);
    expect(againS).toBeLessThanOrEqual(FORGET_S + 1);
    // It knew what breaks, and did not try it again.
    expect(again.stdout).not.toContain("dialling again");
  },
  LIMIT_MS + 30_000,
);

/**
 * The example examples/agent-behind-nat on loopback, from fresh processes: who may come in, what
 * becomes of orders, and how an agent outlives its controller. Behind a real NAT it runs in
 * test/full/agent-example.test.ts.
 */
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import { Processes, type Program } from "../support/processes.ts";
import { freePort } from "../support/free-port.ts";
import { tempFolder } from "../support/temp-folder.ts";

const SECRET = { AGENT_TOKEN: "a secret of the test" };

class Examples {
  readonly #processes: Processes;
  readonly networks: string = join(tempFolder(), "networks.json");

  constructor(context: TestContext) {
    this.#processes = new Processes(context);
  }

  run(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
    const path = join(ROOT, "examples/agent-behind-nat", file);
    return this.#processes.start(process.execPath, [path, ...args], env);
  }

  async controller(port: string, env: NodeJS.ProcessEnv = {}): Promise<Program> {
    const program = this.run("controller.mjs", ["--host", "127.0.0.1", "--port", port], env);
    await program.says(/listening on tcp:/);
    return program;
  }

  agent(port: string, env: NodeJS.ProcessEnv = {}): Program {
    const flags = ["--name", "pi-7", "--networks", this.networks, "--min", "1", "--port", port];
    return this.run("agent.mjs", flags, env);
  }
}

test("who knows the token comes in, answers, and stretches its interval", async (context) => {
  const examples = new Examples(context);
  const port = await freePort();
  const controller = await examples.controller(port, SECRET);
  const agent = examples.agent(port, SECRET);
  await controller.says(/^pi-7 is online from 127\.0\.0\.1:\d+$/m);
  controller.write("ask pi-7 uptime\nask pi-7 coffee\nask pi-8 load\nlist\nmake coffee\n");
  await controller.says(/^pi-7: 1 up for \d+\.\d s$/m);
  await controller.says(/^pi-7: 2 unknown: ask for uptime, load, memory$/m);
  await controller.says(/^3 not delivered: pi-8 is not here$/m);
  await controller.says(
    /^pi-7 {2}alive, heard \d\.\d s ago, may be silent for [\d.]+ s\n1 agents$/m,
  );
  await controller.says(/^orders: list \| ask NAME uptime\|load\|memory$/m);
  await agent.says(/^interval 1\.0 s -> 1\.5 s: the path has shown that it allows more$/m);
  agent.signal("SIGTERM");
  expect(await agent.exit).toEqual({ code: 0, signal: null });
  await controller.says(/^pi-7 left: closed by the peer/m);
});

test("without the token nobody comes in, and the agent says why and ends", async (context) => {
  const examples = new Examples(context);
  const port = await freePort();
  const controller = await examples.controller(port, SECRET);
  const agent = examples.agent(port, { AGENT_TOKEN: "a guess" });
  expect(await agent.exit).toEqual({ code: 1, signal: null });
  expect(agent.stdout).toMatch(/^ended: the server refused the token/m);
  expect(agent.stdout + agent.stderr).not.toContain("a guess");
  expect(controller.stdout).not.toContain("is online");
});

test("an agent whose controller is killed comes back to the next one", async (context) => {
  const examples = new Examples(context);
  const port = await freePort();
  const first = await examples.controller(port);
  await first.says(/AGENT_TOKEN is not set: whoever finds this port may come in/);
  const agent = examples.agent(port);
  await first.says(/^pi-7 is online/m);
  first.signal("SIGKILL");
  await agent.says(/; dialling again in \d+\.\d s$/m);
  const second = await examples.controller(port);
  await second.says(/^pi-7 is online/m);
  second.signal("SIGTERM");
  expect(await second.exit).toEqual({ code: 0, signal: null });
  await agent.says(/^closed: the server is going away .*; dialling again in \d+\.\d s$/m);
});

test("an order to who freezes is told as lost, and how", { timeout: 40_000 }, async (context) => {
  const examples = new Examples(context);
  const port = await freePort();
  const controller = await examples.controller(port);
  const agent = examples.agent(port);
  await controller.says(/^pi-7 is online/m);
  agent.signal("SIGSTOP");
  controller.write("ask pi-7 load\n");
  // A lease of a second, its grace, and the time for an answer: on a busy machine 15 s.
  await controller.says(/^1 not delivered: closed after \d+\.\d s of silence: /m, 30_000);
  expect(controller.stdout).toMatch(/^pi-7 left: closed after \d+\.\d s of silence: /m);
});

test("--help tells the flags; wrong ones are refused by name", async (context) => {
  const examples = new Examples(context);
  for (const [file, flag] of [
    ["agent.mjs", "--networks"] as const,
    ["controller.mjs", "--lease-max"] as const,
  ]) {
    const help = examples.run(file, ["--help"]);
    expect(await help.exit).toEqual({ code: 0, signal: null });
    expect(help.stdout).toContain("--port N");
    expect(help.stdout).toContain(flag);
  }
  for (const [file, args, code, complaint] of [
    ["agent.mjs", ["tcp://a:1", "tcp://b:1"], 2, "agent: one url, not 2 (--help"],
    [
      "agent.mjs",
      ["--min", "soon"],
      2,
      'agent: --min must be a number of seconds up to 86400, got "soon"',
    ],
    ["agent.mjs", ["http://a"], 1, "agent: cannot open"],
    [
      "controller.mjs",
      ["--lease-max", "5"],
      2,
      'controller: --lease-max must be a number from 60 to 86400, got "5"',
    ],
  ] as const) {
    const program = examples.run(file, args);
    expect(await program.exit).toEqual({ code, signal: null });
    expect(program.stderr).toContain(complaint);
  }
});

/**
 * Processes that end together: whoever starts them says so here, and a signal kills all of them.
 */
import type { Command } from "../contenders/contender.ts";
import { Interruption } from "./command-line.ts";
import { LineProcess } from "./line-process.ts";

export interface Member {
  kill(): void;
  end(): Promise<void>;
}

export class Troupe {
  readonly #members = new Set<Member>();
  #isStopped = false;

  /** @throws Interruption once it was stopped. */
  start(
    name: string,
    command: Command,
    core: number | string | undefined,
    tap?: (line: string) => boolean,
  ): LineProcess {
    return this.add(new LineProcess(name, command, core?.toString(), tap));
  }

  /** Takes in what was started elsewhere. */
  add<One extends Member>(member: One): One {
    this.#members.add(member);
    if (!this.#isStopped) return member;
    member.kill();
    throw new Interruption();
  }

  /** Asks one to go, and waits until it has. */
  async dismiss(member: Member): Promise<void> {
    this.#members.delete(member);
    await member.end();
  }

  /** At once; whoever waits for an answer of theirs is told that they have ended. */
  stop(): void {
    this.#isStopped = true;
    for (const member of this.#members) member.kill();
  }

  /** Kills and waits until all are gone. Runs `show` to its end first. */
  async during<Result>(show: () => Promise<Result>): Promise<Result> {
    try {
      return await show();
    } catch (error) {
      // What failed because it was killed is no fault.
      throw this.#isStopped ? new Interruption() : error;
    } finally {
      for (const member of this.#members) member.kill();
      await Promise.all([...this.#members].map((member) => member.end()));
      this.#members.clear();
    }
  }
}

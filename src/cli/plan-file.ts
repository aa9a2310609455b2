/** A plan from a file, so that a bug report can be one. Nothing is believed of what is in it. */
import { readFileSync } from "node:fs";
import { isHoldfastError } from "../base/errors.ts";
import { printable } from "../base/printable.ts";
import type { Plan } from "../simulation/plan.ts";
import { checkPlan } from "../simulation/plan-check.ts";
import { UsageError } from "./usage-error.ts";

/** @throws UsageError that names the file, the place in it, what was expected and what came. */
export function readPlanFile(name: string): Plan {
  const file = printable(name);
  let text: string;
  try {
    text = readFileSync(name, "utf8");
  } catch (error) {
    const message = `--plan: expected a file that can be read, got ${said(error)}`;
    throw new UsageError(message, { cause: error });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const message = `--plan ${file}: expected JSON, got a text of which the parser says: `;
    throw new UsageError(message + said(error), { cause: error });
  }
  try {
    return checkPlan(value);
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    throw new UsageError(`--plan ${file}: ${error.message}`, { cause: error });
  }
}

function said(error: unknown): string {
  return error instanceof Error ? printable(error.message) : "an unknown error";
}

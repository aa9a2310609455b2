/** What a case needs of a machine beyond Linux and root, and what of it is not here. */
import { existsSync } from "node:fs";
import { hasTool } from "../support/machine.ts";
import type { LabCase } from "./cases/lab-case.ts";

const TUN = "/dev/net/tun";

/** Empty where the case can be run by root. */
export function missingFor({ needs, path }: LabCase): string[] {
  const missing = ["ip", ...needs].filter((tool) => !hasTool(tool));
  return path === undefined || existsSync(TUN) ? missing : [...missing, TUN];
}

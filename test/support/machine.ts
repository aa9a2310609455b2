/** What this machine is and has: kernel, rights, tools. For programs as well as for tests. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

export function isLinux(): boolean {
  return process.platform === "linux";
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** Whether a program of this name is on the PATH. */
export function hasTool(name: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false; // Not in this folder; the next one may have it.
    }
  });
}

/** Wrong usage: one sentence that names what was expected. Exit code 2. */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
}

/** A failure that no other flag would cure at once, such as a port in use. Exit code 1. */
export class CommandFailure extends Error {
  override readonly name: string = "CommandFailure";
}

/** "Later, but before anything else happens", in the means of the language alone. */

/** Runs `run` when the present code has returned, so that its caller can add listeners first. */
export function afterThisTurn(run: () => void): void {
  const turn = async (): Promise<void> => {
    await Promise.resolve();
    run();
  };
  void turn();
}

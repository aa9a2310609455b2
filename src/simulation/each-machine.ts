/** Shows every machine of one driven connection: who gets up from a rest gets a new one. */
import type { Connection } from "../connection/connection.ts";
import type { Driven } from "../driver/driven.ts";

export function watchEachMachine(driven: Driven, watch: (machine: Connection) => void): void {
  if (!driven.isAtRest) watch(driven.connection);
  const rise = driven.rise.bind(driven);
  driven.rise = () => {
    const machine = rise();
    watch(machine);
    return machine;
  };
}

/**
 * A path with several things wrong with it at once.
 *
 * Each fault lays its own layer over what the path is by nature; when it ends, what is below shows
 * again, whatever came and went meanwhile.
 */
import type { PathPlan } from "./plan.ts";
import type { SimPath } from "./sim-path.ts";

export interface PathLayer {
  readonly cutUp?: boolean;
  readonly cutDown?: boolean;
  readonly lossRatio?: number;
  readonly queueMs?: number;
  readonly jitterMs?: number;
  readonly middlebox?: NonNullable<SimPath["middlebox"]>;
}

export class LayeredPath {
  readonly #path: SimPath;
  readonly #nature: PathPlan;
  readonly #layers: PathLayer[] = [];

  constructor(path: SimPath, nature: PathPlan) {
    this.#path = path;
    this.#nature = nature;
    this.#settle();
  }

  /** Lays it over the others; the returned function takes it away. */
  lay(layer: PathLayer): () => void {
    this.#layers.push(layer);
    this.#settle();
    return () => {
      const at = this.#layers.indexOf(layer);
      if (at >= 0) this.#layers.splice(at, 1);
      this.#settle();
    };
  }

  switchNetwork(): void {
    this.#path.switchNetwork();
  }

  #settle(): void {
    const path = this.#path;
    const layers = this.#layers;
    path.delayMs = this.#nature.delayMs;
    path.jitterMs = Math.max(this.#nature.jitterMs, ...layers.map((one) => one.jitterMs ?? 0));
    path.lossRatio = Math.max(this.#nature.lossRatio, ...layers.map((one) => one.lossRatio ?? 0));
    path.queueMs = Math.max(0, ...layers.map((one) => one.queueMs ?? 0));
    path.cutUp = layers.some(({ cutUp }) => cutUp === true);
    path.cutDown = layers.some(({ cutDown }) => cutDown === true);
    const middlebox = layers.findLast((layer) => layer.middlebox !== undefined)?.middlebox;
    if (path.middlebox !== middlebox) path.middlebox = middlebox;
  }
}

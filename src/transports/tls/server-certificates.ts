/**
 * The certificates of one server: those in force, and how others come to be.
 *
 * Files are looked at by polling: what a path leads to, by device, inode, size and times. That sees
 * a file written in place, one that was renamed over, and a link in the middle of the path that was
 * changed (as Kubernetes does with its secrets), also over networks, where watching sees little.
 * Certificate and key are replaced one after the other, so a pair that does not fit is no error at
 * first: the old one stays in force, and only if that lasts it is told, once for each change.
 *
 * Easy to break: the state of the files is taken before they are read, so that a change in between
 * is seen at the next look.
 */
import { randomBytes } from "node:crypto";
import { stat } from "node:fs/promises";
import { HoldfastError } from "../../base/errors.ts";
import type { Observe } from "../../base/observation.ts";
import { printable } from "../../base/printable.ts";
import { ServerContexts } from "./server-contexts.ts";
import type { CertificateInForce, CertificateStore } from "./certificates-in-force.ts";
import { filesOf, readIdentities } from "./server-identities.ts";
import { plainPeersFault, type TlsServerConfig } from "./tls-server-options.ts";

export interface CertificatesConfig {
  readonly tls: TlsServerConfig;
  readonly observe: Observe;
  /** Whether plain peers come in by the same port: what they cannot have is not required. */
  readonly hasPlainPeers: boolean;
  /** From the end of one look to the next. */
  readonly lookMs: number;
  /** How long certificate and key may not fit together before that is told. */
  readonly patienceMs: number;
}

interface Made {
  readonly contexts: ServerContexts;
  readonly inForce: readonly CertificateInForce[];
  readonly warnings: readonly string[];
}

export class ServerCertificates implements CertificateStore {
  readonly #config: CertificatesConfig;
  #tls: TlsServerConfig;
  readonly #randomKeys: Buffer = randomBytes(48);
  #contexts: ServerContexts;
  #inForce: readonly CertificateInForce[];
  #files: readonly string[];
  /** The files as they were when what is in force was read. */
  #seen: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #unfit: { readonly state: string; readonly looks: number; readonly isTold: boolean } | undefined;
  #isClosed = false;

  /** @throws HoldfastError `OPTION_INVALID`, naming the option and the file. */
  constructor(config: CertificatesConfig) {
    this.#config = config;
    this.#tls = config.tls;
    this.#files = filesOf(config.tls);
    const made = this.#read(config.tls, "listen.tls");
    this.#contexts = made.contexts;
    this.#inForce = made.inForce;
    this.#warn(made.warnings);
  }

  /** For newcomers. */
  get contexts(): ServerContexts {
    return this.#contexts;
  }

  get inForce(): readonly CertificateInForce[] {
    return this.#inForce;
  }

  /** Looks at the files from now on; keeps no process alive. */
  async watch(): Promise<void> {
    if (!this.#tls.watchFiles || this.#files.length === 0) return;
    this.#seen ??= await this.#stateOfFiles();
    this.#lookLater();
  }

  /**
   * Reads the files again, or takes other values. What was in force stays so if this throws.
   *
   * @throws HoldfastError `OPTION_INVALID`
   */
  async reload(tls: TlsServerConfig = this.#tls): Promise<readonly CertificateInForce[]> {
    const fault = this.#config.hasPlainPeers ? plainPeersFault(tls) : undefined;
    if (fault !== undefined) throw new HoldfastError("OPTION_INVALID", `reloadTls: ${fault}`);
    const state = await stateOf(filesOf(tls));
    const made = this.#read(tls, "reloadTls");
    if (this.#isClosed) throw new HoldfastError("NOT_OPEN", "reloadTls: the server has closed");
    this.#tls = tls;
    this.#files = filesOf(tls);
    this.#take(made, state);
    this.#stopLooking();
    await this.watch();
    return this.#inForce;
  }

  close(): void {
    this.#isClosed = true;
    this.#stopLooking();
  }

  #read(tls: TlsServerConfig, group: string): Made {
    const { standard, hosts, ca, inForce, warnings } = readIdentities(tls, group);
    const { clientCertificates, minVersion, ticketKeys } = tls;
    const keys = ticketKeys === undefined ? this.#randomKeys : Buffer.from(ticketKeys);
    try {
      const contexts = new ServerContexts({
        standard,
        hosts,
        ca,
        clientCertificates,
        minVersion,
        ticketKeys: keys,
      });
      return { contexts, inForce, warnings };
    } catch (cause) {
      const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
      throw new HoldfastError(
        "OPTION_INVALID",
        `${group}: OpenSSL does not take \`cert\`, \`key\` or \`ca\` (${code}); it may want ` +
          "longer keys than these",
        { cause },
      );
    }
  }

  #take(made: Made, state: string): void {
    const changed = fingerprintsOf(made.inForce) !== fingerprintsOf(this.#inForce);
    this.#contexts = made.contexts;
    this.#inForce = made.inForce;
    this.#seen = state;
    this.#unfit = undefined;
    this.#warn(made.warnings);
    const [{ subject, fingerprint256, validToWallMs } = UNNAMED] = made.inForce;
    const facts = { subject, fingerprint256, validToWallMs, changed };
    this.#config.observe({ what: "tls-reloaded", ...facts });
  }

  #warn(texts: readonly string[]): void {
    for (const text of texts) this.#config.observe({ what: "warning", text });
  }

  #stopLooking(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #lookLater(): void {
    this.#stopLooking();
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => void this.#look(), this.#config.lookMs).unref();
  }

  async #look(): Promise<void> {
    const state = await this.#stateOfFiles();
    if (this.#isClosed) return;
    if (state !== this.#seen) this.#tryNew(state);
    this.#lookLater();
  }

  #tryNew(state: string): void {
    try {
      this.#take(this.#read(this.#tls, "listen.tls"), state);
    } catch (error) {
      const same = this.#unfit?.state === state ? this.#unfit : undefined;
      const looks = (same?.looks ?? 0) + 1;
      const isLong = looks * this.#config.lookMs >= this.#config.patienceMs;
      if (isLong && same?.isTold !== true) this.#tellUnfit(error as Error);
      this.#unfit = { state, looks, isTold: isLong };
    }
  }

  #tellUnfit(error: Error): void {
    const text =
      "the files of the certificate have changed and cannot be used; the old one stays in force: " +
      printable(error.message);
    this.#config.observe({ what: "warning", text });
  }

  #stateOfFiles(): Promise<string> {
    return stateOf(this.#files);
  }
}

const UNNAMED = { subject: "", fingerprint256: "", validToWallMs: 0 };

function fingerprintsOf(certificates: readonly CertificateInForce[]): string {
  return certificates.map(({ host, fingerprint256 }) => `${host} ${fingerprint256}`).join("\n");
}

async function stateOf(files: readonly string[]): Promise<string> {
  const states = await Promise.all(files.map(stateOfFile));
  return states.join("\n");
}

async function stateOfFile(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeMs, ctimeMs } = await stat(path);
    return [path, dev, ino, size, mtimeMs, ctimeMs].join(" ");
  } catch {
    return `${path} is not there`; // In the middle of a replacement it may not be.
  }
}

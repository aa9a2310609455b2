/**
 * Options of the PROXY protocol, parsed once at the door.
 *
 * There is no "on for everybody who sends one": a header that anybody may send lets anybody be
 * whoever it likes, so that limits by address would be none.
 */
import { type IpRange, isInRange, parseIpRange } from "../../base/ip-range.ts";
import { parseIp, unmappedBytes } from "../../base/ip-address.ts";
import { OptionReader } from "../../base/options.ts";
import type { ProxyVersion } from "../../wire/proxy-reading.ts";

/** What is known of the balancers that stand before a server. */
export interface ProxyProtocolOptions {
  /**
   * From where balancers connect: addresses and ranges such as `10.0.0.0/8`, `2001:db8::/32` or
   * `::1`, and `unix` for whoever connects by a Unix socket. Every connection from there has to
   * begin with a header; what a header says is believed. At most 1,000.
   *
   * @default none: it has to be said
   */
  readonly trustedFrom: readonly string[];

  /**
   * What becomes of connections from elsewhere: "refuse" resets them, as `PROXY_UNTRUSTED`; "serve"
   * takes them as they are, without a header, and with their own address.
   *
   * @default "refuse", since whoever finds a way around the balancer finds one around its rules
   */
  readonly others?: "refuse" | "serve" | undefined;

  /**
   * Which versions of the header are taken.
   *
   * @default both: the first byte tells them apart
   */
  readonly versions?: readonly ProxyVersion[] | undefined;

  /**
   * How long a header may take to come, from accept. Then the connection is reset, as
   * `PROXY_HEADER_INVALID`. The time of a handshake begins afterwards.
   *
   * @unit milliseconds
   * @range 10 to 600_000
   * @default 5_000: a balancer sends it at once; the specification asks for 3 s at the least, which
   * is what a segment takes that was lost and sent again
   */
  readonly timeoutMs?: number | undefined;
}

export interface ProxyProtocolConfig {
  readonly ranges: readonly IpRange[];
  readonly isUnixTrusted: boolean;
  readonly servesOthers: boolean;
  readonly versions: readonly ProxyVersion[];
  readonly timeoutMs: number;
}

const TRUSTED_MAX = 1_000;

/** @throws HoldfastError `OPTION_INVALID`, naming the option, what was expected and what came. */
export function readProxyProtocol(group: string, value: unknown): ProxyProtocolConfig | false {
  if (value === undefined || value === false) return false;
  const read = new OptionReader(group, value as object);
  const { ranges, isUnixTrusted } = readTrusted(read);
  const config: ProxyProtocolConfig = {
    ranges,
    isUnixTrusted,
    servesOthers: read.oneOf("others", ["refuse", "serve"] as const, "refuse") === "serve",
    versions: readVersions(read),
    timeoutMs: read.integer("timeoutMs", { default: 5_000, min: 10, max: 600_000 }),
  };
  read.done();
  return config;
}

function readTrusted(read: OptionReader): Pick<ProxyProtocolConfig, "ranges" | "isUnixTrusted"> {
  const given = read.value("trustedFrom");
  const isList = Array.isArray(given) && given.length > 0 && given.length <= TRUSTED_MAX;
  if (!isList || !given.every((one) => typeof one === "string")) {
    throw read.refuse(
      "`trustedFrom` must be a list of 1 to 1000 addresses of balancers, such as 10.0.0.0/8, ::1 " +
        "or unix",
    );
  }
  const texts: readonly string[] = given;
  const ranges: IpRange[] = [];
  for (const text of texts) {
    if (text === "unix") continue;
    const range = parseIpRange(text);
    if (typeof range === "string") {
      const got = JSON.stringify(text.slice(0, 60));
      throw read.refuse(`\`trustedFrom\` has ${got}; expected ${range}, or the word unix`);
    }
    ranges.push(range);
  }
  return { ranges, isUnixTrusted: texts.includes("unix") };
}

function readVersions(read: OptionReader): readonly ProxyVersion[] {
  const given = read.value("versions");
  if (given === undefined) return [1, 2];
  const isList = Array.isArray(given) && given.length > 0;
  if (isList && given.every((one) => one === 1 || one === 2)) return [...new Set(given)];
  throw read.refuse("`versions` must be a list of one or both of 1 and 2");
}

/** `ip`: as `RemoteAddress` has it; empty for a Unix socket. */
export function isTrusted(config: ProxyProtocolConfig, ip: string): boolean {
  if (ip === "") return config.isUnixTrusted;
  const parsed = parseIp(ip);
  if (parsed === undefined) return false;
  const bytes = unmappedBytes(parsed);
  return config.ranges.some((range) => isInRange(range, bytes));
}

/** Whether anybody at all may say for whom it speaks. */
export function trustsEverybody({ ranges }: ProxyProtocolConfig): boolean {
  return ranges.some(({ prefixBits }) => prefixBits === 0);
}

/** What the library advises in terms of its options, told in terms of flags. Pure. */
import { CONNECT_SETTINGS } from "./connect-settings.ts";
import { inTermsOfFlags, type SettingsTable } from "./settings.ts";

export function hintInTermsOfFlags(sentence: string): string {
  const told = sentence
    .replace(/(?:heartbeat\.)?pong: "none" \((--no-pong)\)/, "$1")
    .replace(/^heartbeat: `pong: "none"`/, "--no-pong");
  return inTermsOfFlags(told, CONNECT_SETTINGS as SettingsTable<never>);
}

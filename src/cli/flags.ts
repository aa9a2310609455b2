/**
 * From a table of settings to the flags of a command, and back to what was given.
 *
 * The parser only collects texts: their meaning is settled in settings.ts, where a flag, a
 * variable and a config file are read in the same way and refused in the same words.
 */
import { type Command, Option } from "commander";
import { configKey, type Setting, type SettingsTable } from "./settings.ts";

export function addFlags(command: Command, table: SettingsTable<never>): void {
  for (const setting of Object.values<Setting<unknown>>(table)) {
    command.addOption(optionOf(setting));
    if (setting.negatable === true) {
      command.addOption(new Option(`--no-${setting.flag}`, `the same as --${setting.flag} none`));
    }
  }
  command.option("--config <file>", "a JSON file of settings (HOLDFAST_CONFIG)");
}

function optionOf(setting: Setting<unknown>): Option {
  const { placeholder, many } = setting.kind;
  const name = `${setting.short === undefined ? "" : `-${setting.short}, `}--${setting.flag}`;
  const option = new Option(
    placeholder === undefined ? name : `${name} <${placeholder}>`,
    `${setting.help}${setting.shown === "" ? "" : ` (default: ${setting.shown})`}`,
  );
  if (!many) return option;
  return option.argParser((text: string, before: readonly string[] | undefined) => [
    ...(before ?? []),
    text,
  ]);
}

/** What was given on the command line, by flag name. */
export function givenFlags(
  command: Command,
  table: SettingsTable<never>,
): ReadonlyMap<string, readonly string[] | boolean> {
  const given = new Map<string, readonly string[] | boolean>();
  const values: Readonly<Record<string, unknown>> = command.opts();
  for (const { flag } of Object.values<Setting<unknown>>(table)) {
    const value = values[configKey(flag)];
    if (typeof value === "string") given.set(flag, [value]);
    else if (typeof value === "boolean") given.set(flag, value);
    else if (Array.isArray(value)) given.set(flag, value as readonly string[]);
  }
  return given;
}

/** The flags of a command, for a sentence about one that does not exist. */
export function flagNames(table: SettingsTable<never>): readonly string[] {
  const names = Object.values<Setting<unknown>>(table).flatMap(({ flag, negatable }) =>
    negatable === true ? [`--${flag}`, `--no-${flag}`] : [`--${flag}`],
  );
  return [...names, "--config", "--help"];
}

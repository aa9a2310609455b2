/**
 * `holdfast <command> …`: parses, runs the command, answers with the exit code.
 *
 * 0: done. 1: it did not work, and stderr has the reason in one sentence. 2: wrong usage, and the
 * sentence names what was expected. 130 and 143: a second SIGINT or SIGTERM cut a clean end short,
 * or the first one a probe.
 */
import { Command, CommanderError } from "commander";
import { isHoldfastError } from "../base/errors.ts";
import { printable } from "../base/printable.ts";
import { COMMANDS, type CommandSpec } from "./commands.ts";
import { addFlags, flagNames, givenFlags } from "./flags.ts";
import { readConfigFile } from "./settings.ts";
import { EXIT_DONE, EXIT_FAILED, EXIT_WRONG_USAGE, type Surroundings } from "./surroundings.ts";
import { CommandFailure, UsageError } from "./usage-error.ts";
import { packageVersion } from "./version.ts";

/** @param argv What stands behind the name of the program. */
export async function run(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  let exitCode = EXIT_DONE;
  const program = buildProgram(surroundings, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...argv], { from: "user" });
    return exitCode;
  } catch (error) {
    return complain(error, argv, surroundings);
  }
}

function buildProgram(surroundings: Surroundings, onExitCode: (code: number) => void): Command {
  const program = new Command("holdfast")
    .description("Keeps long-lived connections alive, and explains every death.")
    .version(packageVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print this")
    .addHelpText("after", () =>
      exampleText(COMMANDS.flatMap(({ examples }) => examples.slice(0, 1))),
    )
    .exitOverride()
    .configureOutput({
      writeOut: (text) => surroundings.stdout.write(text),
      writeErr: (text) => surroundings.stderr.write(text),
      // Said in our own words by `complain`.
      outputError: () => {},
      getOutHelpWidth: () => surroundings.stdout.columns ?? 100,
      getErrHelpWidth: () => surroundings.stderr.columns ?? 100,
    });
  for (const spec of COMMANDS) {
    const command = program.command(spec.name).description(spec.summary);
    if (spec.operands !== undefined) command.argument(spec.operands);
    addFlags(command, spec.settings);
    command.addHelpText("after", () => exampleText(spec.examples));
    command.action(async () => onExitCode(await execute(spec, command, surroundings)));
  }
  return program;
}

async function execute(
  spec: CommandSpec,
  command: Command,
  surroundings: Surroundings,
): Promise<number> {
  const fileName: unknown = command.opts()["config"] ?? surroundings.env["HOLDFAST_CONFIG"];
  const file =
    typeof fileName === "string" && fileName !== "" ? readConfigFile(fileName) : undefined;
  const flags = givenFlags(command, spec.settings);
  return await spec.execute(command.args, { flags, env: surroundings.env, file }, surroundings);
}

function exampleText(examples: CommandSpec["examples"]): string {
  const width = Math.max(...examples.map(([command]) => command.length));
  const lines = examples.map(([command, meaning]) => `  ${command.padEnd(width)}  ${meaning}`);
  return `\nExamples:\n${lines.join("\n")}`;
}

/** One sentence on stderr, and the exit code that fits. A bug of ours goes on as it is. */
function complain(error: unknown, argv: readonly string[], { stderr }: Surroundings): number {
  const spec = COMMANDS.find(({ name }) => name === argv[0]);
  const say = (sentence: string): void => {
    stderr.write(`holdfast: ${sentence}\n`);
  };
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT_DONE;
    // `holdfast` alone, or `holdfast help`: the help itself went to stderr already.
    if (error.code !== "commander.help") say(parserSentence(error, spec));
    return EXIT_WRONG_USAGE;
  }
  if (error instanceof UsageError) say(error.message);
  else if (error instanceof CommandFailure) say(error.message);
  else if (isHoldfastError(error)) {
    say(spec === undefined ? error.message : spec.tell(error.message));
    const isUsage = error.code === "OPTION_INVALID" || error.code === "URL_INVALID";
    return isUsage ? EXIT_WRONG_USAGE : EXIT_FAILED;
  } else throw error;
  return error instanceof UsageError ? EXIT_WRONG_USAGE : EXIT_FAILED;
}

function parserSentence(error: CommanderError, spec: CommandSpec | undefined): string {
  const said = printable(error.message.replace(/^error: /, "").replaceAll("\n", " "));
  switch (error.code) {
    case "commander.unknownOption": {
      const known = spec === undefined ? ["--help", "--version"] : flagNames(spec.settings);
      return said.includes("Did you mean") ? said : `${said}; expected one of ${known.join(", ")}`;
    }
    case "commander.unknownCommand":
      return `${said}; expected one of ${COMMANDS.map(({ name }) => name).join(", ")}`;
    case "commander.missingArgument":
      return `${said}; expected ${urlsWanted(spec)} such as tcp://localhost:8080`;
    case "commander.excessArguments":
      return `${said.split(". ")[0]}; expected flags only: see holdfast ${spec?.name} --help`;
    default:
      return said;
  }
}

function urlsWanted(spec: CommandSpec | undefined): string {
  return spec?.operands?.includes("...") === true ? "one or more urls" : "one url";
}

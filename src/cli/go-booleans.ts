import type { Command } from 'commander';
import { CommandFailure } from './exit-statuses.js';

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

/** Lets the flags of a command that take no value be given as `--flag=true` and `--flag=false`, as tools written in Go do. */
export const acceptGoBooleans = (command: Command): Command => {
  const parse = command.parseOptions.bind(command);
  const flags = command.options.filter((option) => option.isBoolean()).map(({ long }) => long ?? '');
  command.parseOptions = (args) => parse(withoutValues(args, new Set(flags)));
  return command;
};

/** A later occurrence wins: `--flag=false` takes those before it away. */
const withoutValues = (args: readonly string[], flags: ReadonlySet<string>): string[] => {
  let result: string[] = [];
  const end = args.indexOf('--');
  for (const [at, arg] of args.entries()) {
    const equals = arg.indexOf('=');
    const flag = equals < 0 ? arg : arg.slice(0, equals);
    if (equals < 0 || !flags.has(flag) || (end >= 0 && at > end)) {
      result.push(arg);
      continue;
    }
    const value = arg.slice(equals + 1);
    if (!TRUE.has(value) && !FALSE.has(value)) {
      throw new CommandFailure(
        `invalid argument "${value}" for "${flag}" flag: strconv.ParseBool: parsing "${value}": invalid syntax`,
      );
    }
    result = result.filter((earlier) => earlier !== flag);
    if (TRUE.has(value)) result.push(flag);
  }
  return result;
};

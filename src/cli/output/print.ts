import { stderr, stdout } from 'node:process';
import { Option } from 'commander';

export type OutputFormat = 'table' | 'json' | 'yaml';

/** `-o FORMAT`, the same for every command that shows something. */
export const outputOption = (): Option =>
  new Option('-o, --output <format>', 'for people, or for machines')
    .choices(['table', 'json', 'yaml'])
    .default('table');

/** Prints a value as JSON or YAML, or the text that people read. */
export const printResult = async (format: OutputFormat, value: unknown, asText: () => string): Promise<void> => {
  if (format === 'json') stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
  else if (format === 'yaml') stdout.write((await import('yaml')).stringify(value));
  else stdout.write(`${asText()}\n`);
};

/** Progress and remarks: on stderr, so that results can be piped. */
export const remark = (text: string): void => {
  stderr.write(`${text}\n`);
};

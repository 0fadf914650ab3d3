import { argv, exit, stderr } from 'node:process';
import { CommanderError } from 'commander';
import { CommandFailure, EXIT } from './exit-statuses.js';
import { buildProgram } from './program.js';

const fail = (error: unknown): never => {
  if (error instanceof CommanderError) exit(error.exitCode === 0 ? EXIT.success : EXIT.usage);
  const message = error instanceof Error ? error.message : String(error);
  if (message !== '') stderr.write(`fairlead: ${message}\n`);
  exit(error instanceof CommandFailure ? error.status : EXIT.failure);
};

/** Runs the command that the arguments name; ends the process when it fails. */
export const runProgram = async (): Promise<void> => {
  try {
    const program = await buildProgram(argv.slice(2));
    await program.parseAsync(argv);
  } catch (error) {
    fail(error);
  }
};

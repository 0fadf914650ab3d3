import { messageOf } from '../errors.js';

/** How a command ended, as the `Status` that clients read from the error channel. */
export const exitStatus = (command: readonly string[], exitCode: number): Readonly<Record<string, unknown>> =>
  exitCode === 0
    ? { metadata: {}, status: 'Success' }
    : {
        metadata: {},
        status: 'Failure',
        message: `command terminated with non-zero exit code: error executing command [${command.join(' ')}], exit code ${exitCode}`,
        reason: 'NonZeroExitCode',
        details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
      };

export const failureStatus = (error: unknown): Readonly<Record<string, unknown>> => ({
  metadata: {},
  status: 'Failure',
  message: messageOf(error),
  reason: 'InternalError',
  details: { causes: [{ message: messageOf(error) }] },
  code: 500,
});

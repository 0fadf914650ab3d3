/** How `fairlead` ends; documented in docs/cli.md. */
export const EXIT = {
  success: 0,
  /** The command failed; the message says why. */
  failure: 1,
  /** Wrong usage: an unknown option, a missing argument. */
  usage: 2,
  /** `app diff` found differences. */
  different: 3,
  /** What was waited for did not come: not healthy, not synced, out of time. */
  notReached: 4,
} as const;

/** Ends the command with a message for people and an exit status. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';

  constructor(
    message: string,
    readonly status: number = EXIT.failure,
  ) {
    super(message);
  }
}

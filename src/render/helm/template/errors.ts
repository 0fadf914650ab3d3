/**
 * An error as Go has it: a text and what it wraps. Helm formats the whole chain, so the chain is kept.
 * `kind` `exec` is text/template's ExecError.
 */
export class GoError extends Error {
  override readonly name = 'GoError';

  constructor(
    message: string,
    readonly wrapped?: GoError,
    readonly kind: 'plain' | 'exec' | 'limit' = 'plain',
  ) {
    super(message);
  }
}

/** Marks a limit of ours (time, steps, output): never swallowed by a function that swallows errors. */
export const limitError = (message: string): GoError => new GoError(message, undefined, 'limit');

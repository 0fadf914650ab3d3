import type { RuntimeFailureCode } from '../container-runtime.js';
import { RuntimeFailure } from '../container-runtime.js';

/** The HTTP status of an error that the engine answered with; undefined when it did not answer. */
export const statusCodeOf = (error: unknown): number | undefined =>
  error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : undefined;

/** What the engine itself says, without the client's `(HTTP code 404) no such container - ` before it. */
export const engineMessage = (error: unknown): string => {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^\(HTTP code \d+\) [^-]* - /, '').trim();
};

const UNREACHABLE = new Set(['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE', 'EACCES', 'ETIMEDOUT', 'EHOSTUNREACH']);

/** An error of the engine's client as a RuntimeFailure; `otherwise` is the code for an answer that is none of the usual. */
export const asFailure = (error: unknown, attempted: string, otherwise: RuntimeFailureCode): Error => {
  if (error instanceof RuntimeFailure) return error;
  if (error instanceof Error && error.name === 'AbortError') return error;
  const status = statusCodeOf(error);
  const message = `Cannot ${attempted}: ${engineMessage(error)}`;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (status === undefined && UNREACHABLE.has(code))
    return new RuntimeFailure('unavailable', message, { cause: error });
  if (status === 404) return new RuntimeFailure('not-found', message, { cause: error });
  if (status === 409) return new RuntimeFailure('conflict', message, { cause: error });
  return new RuntimeFailure(otherwise, message, { cause: error });
};

/** Awaits `work`; undefined when the engine says that the thing is gone, or already in the state asked for. */
export const unlessGone = async <T>(work: Promise<T>): Promise<T | undefined> => {
  try {
    return await work;
  } catch (error) {
    const status = statusCodeOf(error);
    if (status === 404 || status === 304) return undefined;
    throw error;
  }
};

import { ApiError } from '../../../objects/api-error.js';
import { badRequest } from '../status-errors.js';

/** Where the next page of a list starts, and of which version of the store. */
export interface ContinueToken {
  /** -1: whatever is newest, for a client that prefers an inconsistent rest to none. */
  readonly revision: number;
  /** The key to start at, without the prefix of the collection. */
  readonly start: string;
}

export const encodeContinue = ({ revision, start }: ContinueToken): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start })).toString('base64url');

const bad = (why: string): ApiError => badRequest(`invalid continue token: continue key is not valid: ${why}`);

export const decodeContinue = (token: string): ContinueToken => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
  } catch {
    throw bad('incorrect encoding');
  }
  if (typeof parsed !== 'object' || parsed === null) throw bad('incorrect encoding');
  const { v, rv, start } = parsed as { v?: unknown; rv?: unknown; start?: unknown };
  if (v !== 'meta.k8s.io/v1') throw bad('server does not recognize this encoded version');
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || rv === 0)
    throw bad('incorrect encoded start resourceVersion');
  if (typeof start !== 'string' || start === '') throw bad('incorrect encoded start key');
  return { revision: rv, start };
};

const TOO_OLD =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
  'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. ' +
  'Continuing with the provided token results in an inconsistent list - objects that were created, modified, or ' +
  'deleted between the time the first chunk was returned and now may show up in the list.';

/** The page's version is forgotten. Its Status carries a token for the rest as it is now. */
export class ContinueExpiredError extends ApiError {
  constructor(private readonly start: string) {
    super('Expired', TOO_OLD);
  }

  override toStatus(): Readonly<Record<string, unknown>> {
    return { ...super.toStatus(), metadata: { continue: encodeContinue({ revision: -1, start: this.start }) } };
  }
}

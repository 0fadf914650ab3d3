import { posix } from 'node:path';
import { ApiError } from '../../../objects/api-error.js';
import { isRecord, type AnyRecord } from '../../../objects/json.js';
import { JsonError, parseJsonStrict } from '../../../objects/schema/strict-json.js';
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

/** The bytes that a token stands for. Throws BadRequest that says which character is none of it. */
const decodeToken = (token: string): string => {
  const wrong = /[^\w-]/.exec(token)?.index ?? (token.length % 4 === 1 ? token.length - 1 : -1);
  if (wrong >= 0) throw bad(`illegal base64 data at input byte ${wrong}`);
  return Buffer.from(token, 'base64url').toString('latin1');
};

const parseToken = (token: string): AnyRecord => {
  const text = decodeToken(token);
  let value: unknown;
  try {
    ({ value } = parseJsonStrict(text));
  } catch (error) {
    throw error instanceof JsonError ? bad(error.message) : error;
  }
  if (isRecord(value)) return value;
  if (value === null) return {};
  throw bad(`json: cannot unmarshal ${jsonTypeOf(value)} into Go value of type storage.continueToken`);
};

const jsonTypeOf = (value: unknown): string =>
  Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;

/** A field of a token; its zero value when it is not there. Throws BadRequest for another type. */
const fieldOf = <T extends string | number>(token: AnyRecord, field: string, zero: T, type: string): T => {
  const value = token[field] ?? zero;
  if (typeof value === typeof zero) return value as T;
  const found = jsonTypeOf(value);
  throw bad(`json: cannot unmarshal ${found} into Go struct field continueToken.${field} of type ${type}`);
};

/** Reads a token. Throws BadRequest for what this server did not make. */
export const decodeContinue = (token: string): ContinueToken => {
  const parsed = parseToken(token);
  const version = fieldOf<string>(parsed, 'v', '', 'string');
  const revision = fieldOf<number>(parsed, 'rv', 0, 'int64');
  const start = fieldOf<string>(parsed, 'start', '', 'string');
  if (version !== 'meta.k8s.io/v1') throw bad(`server does not recognize this encoded version ${version}`);
  if (revision === 0 || !Number.isSafeInteger(revision)) {
    throw bad('incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  }
  if (start === '') throw bad('encoded start key empty (version meta.k8s.io/v1)');
  const path = start.startsWith('/') ? start : `/${start}`;
  if (posix.normalize(path) !== path) throw bad(start);
  return { revision, start: Buffer.from(start, 'latin1').toString('utf8') };
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

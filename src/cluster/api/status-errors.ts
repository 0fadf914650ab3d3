import { ApiError, type StatusCause, type StatusDetails } from '../../objects/api-error.js';
import { StoreError } from '../store/store.js';

/** What names a resource in messages: `deployments.apps`, or `pods` in the core group. */
export interface Named {
  readonly group: string;
  readonly plural: string;
}

/** What names a kind in messages: `Deployment.apps`, or `Pod` in the core group. */
export interface NamedKind {
  readonly group: string;
  readonly kind: string;
}

export const qualifiedResource = ({ group, plural }: Named): string => (group === '' ? plural : `${plural}.${group}`);

export const qualifiedKind = ({ group, kind }: NamedKind): string => (group === '' ? kind : `${kind}.${group}`);

const detailsOf = ({ group, plural }: Named, name: string): StatusDetails => ({
  ...(name === '' ? {} : { name }),
  ...(group === '' ? {} : { group }),
  kind: plural,
});

export const notFound = (resource: Named, name: string): ApiError =>
  new ApiError('NotFound', `${qualifiedResource(resource)} "${name}" not found`, detailsOf(resource, name));

export const alreadyExists = (resource: Named, name: string): ApiError =>
  new ApiError('AlreadyExists', `${qualifiedResource(resource)} "${name}" already exists`, detailsOf(resource, name));

const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again';

export const conflict = (resource: Named, name: string, why: string = MODIFIED): ApiError =>
  new ApiError(
    'Conflict',
    `Operation cannot be fulfilled on ${qualifiedResource(resource)} "${name}": ${why}`,
    detailsOf(resource, name),
  );

export const forbidden = (resource: Named, name: string, why: string, causes?: readonly StatusCause[]): ApiError => {
  const subject = name === '' ? qualifiedResource(resource) : `${qualifiedResource(resource)} "${name}"`;
  const details = causes === undefined ? detailsOf(resource, name) : { ...detailsOf(resource, name), causes };
  return new ApiError('Forbidden', `${subject} is forbidden: ${why}`, details);
};

/** A problem of one field, as validation reports it: `message` is the part after the path. */
export interface FieldProblem {
  readonly reason: string;
  readonly field: string;
  readonly message: string;
}

export const invalid = (kind: NamedKind, name: string, problems: readonly FieldProblem[]): ApiError => {
  const lines = [...new Set(problems.map(({ field, message }) => `${field}: ${message}`))];
  const text = lines.length === 1 ? (lines[0] as string) : `[${lines.join(', ')}]`;
  // Events are of the core group inside Kubernetes, whatever they are asked for by.
  const inner = kind.group === 'events.k8s.io' ? { ...kind, group: '' } : kind;
  const group = inner.group === '' ? {} : { group: inner.group };
  return new ApiError('Invalid', `${qualifiedKind(inner)} "${name}" is invalid: ${text}`, {
    ...(name === '' ? {} : { name }),
    ...group,
    kind: kind.kind,
    causes: problems.map(({ reason, field, message }) => ({ reason, message, field })),
  });
};

export const badRequest = (message: string): ApiError => new ApiError('BadRequest', message);

export const methodNotAllowed = (resource: Named & { readonly custom: boolean }, verb: string): ApiError =>
  resource.custom
    ? new ApiError(
        'MethodNotAllowed',
        `${verb} is not supported on resources of kind "${qualifiedResource(resource)}"`,
        {
          group: resource.group,
          kind: resource.plural,
        },
      )
    : noSuchMethod();

/** The answer to a method that a path does not have. */
export const noSuchMethod = (): ApiError =>
  new ApiError('MethodNotAllowed', 'the server does not allow this method on the requested resource', {});

/** An error that is answered in plain text. */
export class PlainError extends ApiError {}

/** The answer for a path that belongs to no API. */
export const pageNotFound = (): PlainError => new PlainError('NotFound', '404 page not found\n');

/** The answer for a path in an API that names nothing. */
export const noSuchResource = (): ApiError =>
  new ApiError('NotFound', 'the server could not find the requested resource');

export const expired = (message: string): ApiError => new ApiError('Expired', message);

/** A version that the store has not reached; clients try again in a second. */
export const tooLargeVersion = (asked: number, current: number): ApiError =>
  new ApiError('Timeout', `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });

export const internal = (message: string): ApiError =>
  new ApiError('InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] });

/** Errors of the store that a request meets, as the API words them. Conflicts are handled where they occur. */
export const fromStore = (error: unknown): unknown => {
  if (!(error instanceof StoreError)) return error;
  if (error.code === 'closed' || error.code === 'locked') {
    return new ApiError('ServiceUnavailable', 'the server is shutting down', { retryAfterSeconds: 1 });
  }
  if (error.code === 'expired') return expired('The resourceVersion for the provided watch is too old.');
  return internal(error.message);
};

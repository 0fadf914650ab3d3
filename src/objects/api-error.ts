/** One cause in the details of a `Status`: a field that is wrong, a manager that conflicts. */
export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  /** The plural resource name for most errors, as Kubernetes has it. */
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** The reasons of `meta/v1.Status` with their HTTP codes. Code decides by reason, never by message. */
export const STATUS_CODES = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  /** Faults that Kubernetes passes on as they are: the Status has no reason. */
  Unknown: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
} as const;

export type StatusReason = keyof typeof STATUS_CODES;

/** A failed API request: the `Status` object that the server answers and the client throws. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: number;
  readonly details: StatusDetails;
  readonly #hasDetails: boolean;

  /** Empty details that are given are sent; those that are not given are left out. */
  constructor(
    readonly reason: StatusReason,
    message: string,
    details?: StatusDetails,
    code?: number,
  ) {
    super(message);
    this.details = details ?? {};
    this.#hasDetails = details !== undefined || reason === 'NotFound';
    this.code = code ?? STATUS_CODES[reason];
  }

  /** The error as a `v1` `Status` object. */
  toStatus(): Readonly<Record<string, unknown>> {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      ...(this.reason === 'Unknown' ? {} : { reason: this.reason }),
      ...(this.#hasDetails ? { details: withoutEmptyTexts(this.details) } : {}),
      code: this.code,
    };
  }
}

const withoutEmptyTexts = (details: StatusDetails): StatusDetails =>
  Object.fromEntries(Object.entries(details).filter(([, value]) => value !== ''));

export const isApiError = (error: unknown, reason: StatusReason): error is ApiError =>
  error instanceof ApiError && error.reason === reason;

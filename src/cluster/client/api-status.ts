import type { StatusDetails, StatusReason } from '../../objects/api-error.js';
import { ApiError, STATUS_CODES } from '../../objects/api-error.js';

const REASON_OF_CODE: Readonly<Record<number, StatusReason>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Gone',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

const isReason = (reason: unknown): reason is StatusReason => typeof reason === 'string' && reason in STATUS_CODES;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The error that an HTTP answer with a code of 400 or more means; the text is a `Status` or anything else. */
export const statusError = (code: number, text: string, retryAfterSeconds = Number.NaN): ApiError => {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  const status = isRecord(body) && body['kind'] === 'Status' ? body : { message: text.slice(0, 500).trim() };
  const error = errorOfStatus(status, code);
  if (Number.isNaN(retryAfterSeconds) || error.details.retryAfterSeconds !== undefined) return error;
  return new ApiError(error.reason, error.message, { ...error.details, retryAfterSeconds }, error.code);
};

/** The error that a `Status` object tells, as in an ERROR event of a watch. */
export const errorOfStatus = (status: Readonly<Record<string, unknown>>, httpCode?: number): ApiError => {
  const code = typeof status['code'] === 'number' ? status['code'] : (httpCode ?? 500);
  const reason = isReason(status['reason']) ? status['reason'] : (REASON_OF_CODE[code] ?? 'InternalError');
  const message = typeof status['message'] === 'string' && status['message'] !== '' ? status['message'] : reason;
  const details: StatusDetails = isRecord(status['details']) ? status['details'] : {};
  return new ApiError(reason, message, details, code);
};

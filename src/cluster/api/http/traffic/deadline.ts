import type { IncomingMessage, ServerResponse } from 'node:http';
import { DurationError, parseDurationMs } from '../../../../objects/duration.js';
import { badRequest } from '../../status-errors.js';

/**
 * Milliseconds that a request may take: what it asks for (`timeout=30s`), but no more than `most`. Zero and less ask for
 * nothing. Throws BadRequest.
 */
export const allottedMs = (query: URLSearchParams, most: number): number => {
  const text = query.get('timeout') ?? '';
  if (text === '') return most;
  try {
    const ms = parseDurationMs(text);
    return ms > 0 && ms < most ? ms : most;
  } catch (error) {
    if (!(error instanceof DurationError)) throw error;
    throw badRequest(`invalid timeout specified in the request URL - ${error.message}`);
  }
};

/** As Kubernetes writes it, which is unlike every other Status. */
const TOO_LATE = Buffer.from(
  '{"metadata":{},"status":"Failure","message":"Timeout: request did not complete within the allotted timeout",' +
    '"reason":"Timeout","details":{},"code":504}\n',
);

/**
 * The end of the time that a request has, for its body, its handling and the reading of its answer. The client is told,
 * or cut off where its answer has begun; whatever the handling says after that is nobody's any more.
 */
export class Deadline {
  hasPassed = false;
  readonly #began = performance.now();
  #timer: NodeJS.Timeout;

  constructor(
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    most: number,
  ) {
    this.#timer = setTimeout(this.#pass, most).unref();
  }

  /** The request has so many milliseconds from its arrival on. */
  limit(ms: number): void {
    this.lift();
    const left = ms - (performance.now() - this.#began);
    if (left <= 0) this.#pass();
    else this.#timer = setTimeout(this.#pass, left).unref();
  }

  /** It may take as long as it wants, or is over. */
  lift(): void {
    clearTimeout(this.#timer);
  }

  readonly #pass = (): void => {
    const { request, response } = this;
    this.hasPassed = true;
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    // What is left of its body would be taken for the next request.
    if (!request.complete && request.httpVersionMajor === 1) response.setHeader('Connection', 'close');
    response.writeHead(504, {
      'cache-control': 'no-cache, private',
      'content-type': 'text/plain; charset=utf-8',
      'content-length': TOO_LATE.byteLength,
    });
    response.end(TOO_LATE);
  };
}

import type { IncomingMessage } from 'node:http';
import type { ApiError } from '../../../objects/api-error.js';
import { PlainError } from '../status-errors.js';
import { isForPeople, protobufOf, yamlOf } from './answers.js';
import { PROTOBUF } from './bodies.js';
import { acceptedFormat } from './negotiation.js';

/** What is written for an error. */
export interface ErrorAnswer {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const PRIVATE = { 'cache-control': 'no-cache, private' };

/** An error as a Status in the form that the client takes; a few are plain text. */
export const errorAnswer = (error: ApiError, request: IncomingMessage): ErrorAnswer => {
  const retry = error.details.retryAfterSeconds;
  const headers = { ...PRIVATE, ...(retry === undefined ? {} : { 'retry-after': String(retry) }) };
  if (error instanceof PlainError) {
    const plain = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' };
    return { headers: { ...headers, ...plain }, body: Buffer.from(error.message) };
  }
  const status = error.toStatus();
  switch (acceptedFormat(request.headers.accept)) {
    case 'yaml':
      return { headers: { ...headers, 'content-type': 'application/yaml' }, body: Buffer.from(yamlOf(status)) };
    case 'protobuf':
      return { headers: { ...headers, 'content-type': PROTOBUF }, body: Buffer.from(protobufOf(status)) };
    default: {
      const text = isForPeople(request) ? JSON.stringify(status, undefined, 2) : `${JSON.stringify(status)}\n`;
      return { headers: { ...headers, 'content-type': 'application/json' }, body: Buffer.from(text) };
    }
  }
};

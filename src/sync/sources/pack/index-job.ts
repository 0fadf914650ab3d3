import type { SourceErrorCode } from '../errors.js';

/** What a worker answers: a problem is data, because an error's class does not cross threads. */
export interface IndexAnswer {
  readonly checksum?: string;
  readonly problem?: { readonly code: SourceErrorCode; readonly message: string };
}

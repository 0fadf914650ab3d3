/** Why a source could not be read. Decisions are made by these codes, never by the message. */
export type SourceErrorCode =
  | 'invalid' // the URL or revision makes no sense, or the kind of source is not supported
  | 'not-found' // the server says that there is no such repository
  | 'unauthorised' // credentials are missing or refused
  | 'unreachable' // no connection, or the server failed
  | 'timeout' // no answer in time
  | 'too-large' // the answer passed the limit
  | 'revision-not-found' // the repository is there, the branch, tag or commit is not
  | 'corrupt'; // what was read is no Git repository

export class SourceError extends Error {
  override readonly name = 'SourceError';

  constructor(
    readonly code: SourceErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

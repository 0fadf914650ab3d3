import { createHash } from 'node:crypto';
import type { KubeObject } from '../../objects/object.js';
import { timeoutSignal } from '../../objects/timeout-signal.js';
import { ChartError } from '../../render/helm/chart/chart-error.js';
import { basicAuthorization, bodyOf, get } from '../../render/helm/repositories/request.js';
import type { Answer } from '../../render/outside.js';
import { OutsideError } from '../../render/outside.js';
import { accessFor } from './credentials.js';
import { withoutCredentials } from './repository-url.js';
import { requestAccess } from './request-access.js';

/** Largest file, in bytes. */
const MAX_BYTES = 16 * 1024 * 1024;
const TIMEOUT_MS = 27_000;

/** Reads files over HTTP, with the credentials of the repository Secret whose address they begin with. */
export class RemoteFiles {
  readonly #secrets: () => readonly KubeObject[];

  constructor(secrets: () => readonly KubeObject[]) {
    this.#secrets = secrets;
  }

  /** `mayUse` says whose credentials may be sent. Throws OutsideError. */
  async file(url: string, mayUse: (repoURL: string) => boolean, signal: AbortSignal): Promise<Answer<'file'>> {
    const shown = withoutCredentials(url);
    const timeout = timeoutSignal(TIMEOUT_MS);
    const access = requestAccess(
      mayUse(url) ? accessFor(url, this.#secrets()) : {},
      AbortSignal.any([signal, timeout]),
    );
    try {
      const authorization = basicAuthorization(access);
      const value = bodyOf(await get(url, access, { maxBytes: MAX_BYTES, authorization }));
      return { id: createHash('sha1').update(value).digest('base64'), value };
    } catch (error) {
      signal.throwIfAborted();
      if (timeout.aborted) throw new OutsideError(`Cannot read ${shown}: no answer within ${TIMEOUT_MS / 1000} s`);
      if (error instanceof ChartError) throw new OutsideError(`Cannot read ${shown}: ${error.message}`);
      throw error;
    }
  }
}

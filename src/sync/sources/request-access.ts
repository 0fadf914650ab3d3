import type { RepositoryAccess as RequestAccess } from '../../render/helm/repositories/request.js';
import type { RepositoryAccess } from './credentials.js';

/** What a repository Secret gives, as requests for charts and files take it. */
export const requestAccess = (
  { username, password, tls = {}, isPlainHttp }: RepositoryAccess,
  signal: AbortSignal,
): RequestAccess => ({
  signal,
  ...(username === undefined ? {} : { username }),
  ...(password === undefined ? {} : { password }),
  ...(tls.ca === undefined ? {} : { ca: tls.ca }),
  ...(tls.cert === undefined ? {} : { cert: tls.cert }),
  ...(tls.key === undefined ? {} : { key: tls.key }),
  ...(tls.insecure === true ? { insecureSkipTlsVerify: true } : {}),
  ...(isPlainHttp === true ? { plainHttp: true } : {}),
});

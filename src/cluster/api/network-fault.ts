import { isIP } from 'node:net';

const UNVERIFIED = 'tls: failed to verify certificate: x509: ';

/** What went wrong on the way to another server, as Go's HTTP client says it. */
export const networkFault = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return 'context deadline exceeded';
  const { code, address, port } = error as { code?: string; address?: string; port?: number };
  if (code === 'ECONNREFUSED') return `dial tcp ${address ?? ''}:${port ?? ''}: connect: connection refused`;
  if (code === 'ENOTFOUND')
    return `dial tcp: lookup ${String((error as { hostname?: string }).hostname)}: no such host`;
  if (
    code === 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' ||
    code === 'SELF_SIGNED_CERT_IN_CHAIN' ||
    code === 'DEPTH_ZERO_SELF_SIGNED_CERT'
  )
    return `${UNVERIFIED}certificate signed by unknown authority`;
  if (code === 'CERT_HAS_EXPIRED') return `${UNVERIFIED}certificate has expired or is not yet valid`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `${UNVERIFIED}${otherNames(error)}`;
  return code === 'ECONNRESET' && error.message === 'socket hang up' ? 'EOF' : error.message;
};

/** A certificate of somebody else. */
const otherNames = (error: Error): string => {
  const { host = '', cert } = error as { host?: string; cert?: { subjectaltname?: string } };
  const prefix = isIP(host) === 0 ? 'DNS:' : 'IP Address:';
  const names = (cert?.subjectaltname ?? '')
    .split(', ')
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length));
  if (names.length > 0) return `certificate is valid for ${names.join(', ')}, not ${host}`;
  return isIP(host) === 0
    ? `certificate is not valid for any names, but wanted to match ${host}`
    : `cannot validate certificate for ${host} because it doesn't contain any IP SANs`;
};

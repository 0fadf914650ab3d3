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
    return 'tls: failed to verify certificate: x509: certificate signed by unknown authority';
  return error.message;
};

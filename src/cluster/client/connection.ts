/** How to reach and be known to a Kubernetes API. Certificates and keys are PEM text. */
export interface ClusterConnection {
  /** `https://host:6443`, with a path when the API is behind a proxy. */
  readonly server: string;
  readonly ca?: string;
  /** Accept any certificate: no protection against a man in the middle. */
  readonly insecure?: boolean;
  /** Name in the server's certificate when it is not the host of `server`. */
  readonly serverName?: string;
  /** A token, or a function that reads one that is renewed from time to time. */
  readonly token?: string | (() => Promise<string>);
  readonly username?: string;
  readonly password?: string;
  readonly clientCertificate?: string;
  readonly clientKey?: string;
  /** The namespace of the kubeconfig's context. */
  readonly namespace?: string;
}

export type ConnectionErrorCode = 'unreadable' | 'malformed' | 'unknown-context' | 'unsupported';

/** A kubeconfig that cannot be used, and why. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';

  constructor(
    readonly code: ConnectionErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

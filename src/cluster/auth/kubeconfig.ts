import { stringify } from 'yaml';

export interface KubeconfigOptions {
  /** `https://127.0.0.1:6443` */
  readonly server: string;
  /** PEM */
  readonly authority: string;
  readonly token?: string;
  /** PEM; used where there is no token. */
  readonly clientCertificate?: { readonly certificate: string; readonly key: string };
  /** Name of cluster, user and context. Default `fairlead`. */
  readonly name?: string;
}

/** The text of a kubeconfig that leads to a server. It holds a secret: write it for its owner only. */
export const kubeconfigFor = (options: KubeconfigOptions): string => {
  const { name = 'fairlead', server, authority, token, clientCertificate } = options;
  const user =
    clientCertificate !== undefined && token === undefined
      ? {
          'client-certificate-data': base64(clientCertificate.certificate),
          'client-key-data': base64(clientCertificate.key),
        }
      : { token };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': base64(authority) } }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  });
};

const base64 = (text: string): string => Buffer.from(text).toString('base64');

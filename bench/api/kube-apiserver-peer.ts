import { readFileSync } from 'node:fs';
import { env } from 'node:process';
import { parse } from 'yaml';
import type { Target } from './target.js';

interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: { readonly server: string } }[];
  readonly users: readonly { readonly user: { readonly token?: string } }[];
}

/**
 * The real API server, where `FAIRLEAD_KUBE_APISERVER` names a kubeconfig with one cluster and one user with a token. It
 * is filled with objects, so it should be one that is thrown away. `FAIRLEAD_KUBE_ETCD` may say where the metrics of its
 * etcd are, so that memory and CPU time are those of both.
 */
export const kubeApiServer = (): Target | undefined => {
  const path = env['FAIRLEAD_KUBE_APISERVER'];
  if (path === undefined || path === '') return undefined;
  const { clusters, users } = parse(readFileSync(path, 'utf8')) as Kubeconfig;
  const { hostname, port } = new URL(clusters[0]?.cluster.server ?? '');
  const token = users[0]?.user.token;
  if (token === undefined) throw new Error(`${path} has no user with a token`);
  const metrics = env['FAIRLEAD_KUBE_ETCD'];
  return {
    name: 'kube-apiserver and etcd',
    host: hostname,
    port: Number(port === '' ? 443 : port),
    token,
    ...(metrics === undefined || metrics === '' ? {} : { storeMetrics: new URL(metrics) }),
  };
};

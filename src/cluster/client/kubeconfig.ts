import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import type { ClusterConnection } from './connection.js';
import { ConnectionError } from './connection.js';

type Fields = Readonly<Record<string, unknown>>;

const SERVICE_ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Reads a kubeconfig file. Relative paths in it are relative to its folder. */
export const loadKubeconfig = async (path: string, context?: string): Promise<ClusterConnection> => {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new ConnectionError('unreadable', `Cannot read kubeconfig "${path}"`, { cause: error });
  }
  return parseKubeconfig(text, { folder: dirname(path), ...(context === undefined ? {} : { context }) });
};

/**
 * The connection of a context (the current one when none is named). Programs are never started: `exec` and
 * `auth-provider` credentials are refused with ConnectionError `unsupported`.
 */
export const parseKubeconfig = async (
  text: string,
  options: { readonly folder: string; readonly context?: string },
): Promise<ClusterConnection> => {
  const config = fieldsOf(parseYaml(text), 'kubeconfig');
  const contextName = options.context ?? textOf(config, 'current-context');
  if (contextName === undefined || contextName === '') {
    throw new ConnectionError('unknown-context', 'The kubeconfig has no current-context; name the context to use');
  }
  const context = named(config, 'contexts', 'context', contextName);
  const cluster = named(config, 'clusters', 'cluster', textOf(context, 'cluster') ?? '');
  const userName = textOf(context, 'user');
  const user = userName === undefined ? {} : named(config, 'users', 'user', userName);
  const namespace = textOf(context, 'namespace');
  return {
    ...(await clusterPart(cluster, options.folder)),
    ...(await userPart(user, userName ?? '', options.folder)),
    ...(namespace === undefined ? {} : { namespace }),
  };
};

/** The connection of a process inside a pod, from its service account. */
export const inClusterConnection = async (
  environment: Readonly<Record<string, string | undefined>>,
  folder = SERVICE_ACCOUNT_FOLDER,
): Promise<ClusterConnection> => {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment;
  if (host === undefined || port === undefined) {
    throw new ConnectionError('unreadable', 'Not in a cluster: KUBERNETES_SERVICE_HOST and _PORT are not set');
  }
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    ca: await readFile(resolve(folder, 'ca.crt'), 'utf8'),
    token: tokenFile(resolve(folder, 'token')),
    namespace: (await readFile(resolve(folder, 'namespace'), 'utf8')).trim(),
  };
};

/** Service account tokens are renewed on disk; reading them for every request is cheap enough. */
const tokenFile = (path: string) => async (): Promise<string> => (await readFile(path, 'utf8')).trim();

const clusterPart = async (cluster: Fields, folder: string): Promise<ClusterConnection> => {
  const server = textOf(cluster, 'server');
  if (server === undefined || !URL.canParse(server)) {
    throw new ConnectionError('malformed', `The cluster's server ${JSON.stringify(server)} is not a URL`);
  }
  if (textOf(cluster, 'proxy-url') !== undefined) {
    throw new ConnectionError('unsupported', 'proxy-url is not supported; reach the cluster directly');
  }
  const ca = await pem(cluster, 'certificate-authority', folder);
  const serverName = textOf(cluster, 'tls-server-name');
  return {
    server,
    ...(ca === undefined ? {} : { ca }),
    ...(cluster['insecure-skip-tls-verify'] === true ? { insecure: true } : {}),
    ...(serverName === undefined ? {} : { serverName }),
  };
};

const userPart = async (user: Fields, name: string, folder: string): Promise<Partial<ClusterConnection>> => {
  for (const field of ['exec', 'auth-provider']) {
    if (user[field] === undefined) continue;
    throw new ConnectionError(
      'unsupported',
      `User "${name}" gets its credentials from a program (${field}), which Fairlead does not start; ` +
        'use a token, a token file or a client certificate, such as one of a service account',
    );
  }
  const clientCertificate = await pem(user, 'client-certificate', folder);
  const clientKey = await pem(user, 'client-key', folder);
  const path = textOf(user, 'tokenFile');
  // As kubectl: the file wins over the token.
  const token = path === undefined ? textOf(user, 'token') : tokenFile(resolve(folder, path));
  const username = textOf(user, 'username');
  const password = textOf(user, 'password');
  return {
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    ...(clientKey === undefined ? {} : { clientKey }),
    ...(token === undefined ? {} : { token }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  };
};

/** `<field>-data` in base64, else the file that `<field>` names. */
const pem = async (fields: Fields, field: string, folder: string): Promise<string | undefined> => {
  const data = textOf(fields, `${field}-data`);
  if (data !== undefined && data !== '') return Buffer.from(data, 'base64').toString('utf8');
  const path = textOf(fields, field);
  if (path === undefined || path === '') return undefined;
  try {
    return await readFile(resolve(folder, path), 'utf8');
  } catch (error) {
    throw new ConnectionError('unreadable', `Cannot read ${field} "${path}" of the kubeconfig`, { cause: error });
  }
};

const parseYaml = (text: string): unknown => {
  try {
    return parse(text, { maxAliasCount: 100 });
  } catch (error) {
    throw new ConnectionError('malformed', 'The kubeconfig is not YAML', { cause: error });
  }
};

const fieldsOf = (value: unknown, what: string): Fields => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConnectionError('malformed', `${what} is not a map`);
  }
  return value as Fields;
};

const textOf = (fields: Fields, field: string): string | undefined => {
  const value = fields[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw new ConnectionError('malformed', `${field} of the kubeconfig is not a string`);
  return value;
};

/** The entry of a named list: `users: [{name, user: {...}}]`. */
const named = (config: Fields, list: string, field: string, name: string): Fields => {
  const entries: readonly unknown[] = Array.isArray(config[list]) ? config[list] : [];
  const entry = entries.find((candidate) => fieldsOf(candidate, list)['name'] === name);
  if (entry === undefined) {
    throw new ConnectionError('unknown-context', `The kubeconfig has no ${field} named "${name}"`);
  }
  return fieldsOf(fieldsOf(entry, list)[field] ?? {}, field);
};

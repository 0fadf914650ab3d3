import type { Pod, Secret } from '../../../objects/kinds/core-v1.js';
import type { PullOptions } from '../../containers/container-runtime.js';
import { registryOf } from '../../containers/image-name.js';

/** Names under which Docker Hub is written in credentials. */
const DOCKER_HUB = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];

/** The credentials in the pod's imagePullSecrets that fit the image; those with the longest path first. */
export const pullCredentials = (
  pod: Pod,
  image: string,
  secret: (name: string) => Secret | undefined,
): readonly PullOptions[] => {
  const entries = (pod.spec.imagePullSecrets ?? []).flatMap(({ name }) => {
    const found = name === undefined ? undefined : secret(name);
    return found === undefined ? [] : entriesOf(found);
  });
  const path = image.startsWith(`${registryOf(image)}/`) ? image : `${registryOf(image)}/${image}`;
  return entries
    .filter(({ server }) => covers(server, path))
    .sort((a, b) => b.server.length - a.server.length)
    .map(({ options }) => options);
};

interface Entry {
  readonly server: string;
  readonly options: PullOptions;
}

const entriesOf = (secret: Secret): readonly Entry[] => {
  const current = secret.data?.['.dockerconfigjson'];
  const legacy = secret.data?.['.dockercfg'];
  const parsed = current === undefined ? parse(legacy) : parse(current)['auths'];
  return Object.entries(isRecord(parsed) ? parsed : {}).flatMap(([server, value]) => {
    const options = isRecord(value) ? optionsOf(value) : undefined;
    return options === undefined ? [] : [{ server: server.replace(/^https?:\/\//, ''), options }];
  });
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A secret that cannot be read holds no credentials: the pull says what it misses. */
const parse = (base64: string | undefined): Readonly<Record<string, unknown>> => {
  if (base64 === undefined) return {};
  try {
    const value: unknown = JSON.parse(Buffer.from(base64, 'base64').toString('utf8'));
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
};

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

const optionsOf = (entry: Readonly<Record<string, unknown>>): PullOptions | undefined => {
  const auth = text(entry['auth']);
  const decoded = auth === undefined ? '' : Buffer.from(auth, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  const username = text(entry['username']) ?? (colon < 0 ? undefined : decoded.slice(0, colon));
  const password = text(entry['password']) ?? (colon < 0 ? undefined : decoded.slice(colon + 1));
  const identityToken = text(entry['identitytoken']);
  const registryToken = text(entry['registrytoken']);
  if (username === undefined && identityToken === undefined && registryToken === undefined) return undefined;
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(identityToken === undefined ? {} : { identityToken }),
    ...(registryToken === undefined ? {} : { registryToken }),
  };
};

/** `server` is `host[:port][/path]`; each dotted part of the host may hold `*`. */
const covers = (server: string, image: string): boolean => {
  const [host = '', ...path] = server.replace(/\/+$/, '').split('/');
  const [imageHost = '', ...imagePath] = image.split('/');
  if (DOCKER_HUB.includes(host)) return DOCKER_HUB.includes(imageHost);
  const parts = host.split('.');
  const imageParts = imageHost.split('.');
  if (parts.length !== imageParts.length) return false;
  const sameHost = parts.every((part, index) => matchesGlob(part, imageParts[index] ?? ''));
  return sameHost && path.every((segment, index) => segment === imagePath[index]);
};

const matchesGlob = (pattern: string, value: string): boolean => {
  const pieces = pattern.split('*');
  if (pieces.length === 1) return pattern === value;
  const [first = ''] = pieces;
  const last = pieces.at(-1) ?? '';
  if (!value.startsWith(first) || !value.endsWith(last) || value.length < first.length + last.length) return false;
  let position = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = value.indexOf(piece, position);
    if (found < 0 || found + piece.length > value.length - last.length) return false;
    position = found + piece.length;
  }
  return true;
};

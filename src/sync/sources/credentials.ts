import type { Secret } from '../../objects/kinds/core-v1.js';
import type { KubeObject } from '../../objects/object.js';
import type { TlsOptions } from './git-http.js';
import { repositoryIdentity } from './repository-url.js';

export const SECRET_TYPE_LABEL = 'argocd.argoproj.io/secret-type';

/** How to talk to a repository, out of its Secret. */
export interface RepositoryAccess {
  readonly username?: string;
  readonly password?: string;
  readonly bearerToken?: string;
  readonly tls?: TlsOptions;
  /** An OCI registry is reached without TLS. */
  readonly isPlainHttp?: boolean;
}

const field = (secret: Secret, name: string): string | undefined => {
  const encoded = secret.data?.[name];
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString();
};

const secretType = (object: KubeObject): string | undefined => object.metadata.labels?.[SECRET_TYPE_LABEL];

/** A Secret that configures repositories, so that a change of it is worth another look at them. */
export const isRepositorySecret = (object: KubeObject): boolean =>
  secretType(object) === 'repository' || secretType(object) === 'repo-creds';

const accessOf = (secret: Secret): RepositoryAccess => {
  const username = field(secret, 'username');
  const password = field(secret, 'password');
  const bearerToken = field(secret, 'bearerToken');
  const tls: TlsOptions = {
    ...(field(secret, 'insecure') === 'true' ? { insecure: true } : {}),
    ...optional('ca', field(secret, 'tlsClientCAData') ?? field(secret, 'caData')),
    ...optional('cert', field(secret, 'tlsClientCertData')),
    ...optional('key', field(secret, 'tlsClientCertKey')),
  };
  return {
    ...optional('username', username),
    ...optional('password', password),
    ...optional('bearerToken', bearerToken),
    ...(Object.keys(tls).length > 0 ? { tls } : {}),
    ...(field(secret, 'insecureOCIForceHttp') === 'true' ? { isPlainHttp: true } : {}),
  };
};

/** The address of the repository that is configured under a name, as charts write `@name` and `alias:name`. */
export const repositoryNamed = (name: string, secrets: readonly KubeObject[]): string | undefined => {
  const secret = secrets.find((object) => secretType(object) === 'repository' && field(object, 'name') === name);
  return secret === undefined ? undefined : field(secret, 'url');
};

const optional = <K extends string>(name: K, value: string | undefined): Partial<Record<K, string>> =>
  value === undefined ? {} : ({ [name]: value } as Partial<Record<K, string>>);

const hasCredentials = (access: RepositoryAccess): boolean =>
  access.password !== undefined || access.bearerToken !== undefined || access.tls?.cert !== undefined;

/**
 * A prefix ends at a path segment: credentials for `https://host/team` are not for `https://host/team-of-others`, and
 * those for `https://host` not for `https://host.example.com`.
 */
const covers = (prefix: string, repository: string): boolean =>
  repository === prefix || repository.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);

/**
 * The access for a repository: its own `repository` Secret; where that has no credentials, those of the longest
 * matching `repo-creds` prefix.
 */
export const accessFor = (repoURL: string, secrets: readonly KubeObject[]): RepositoryAccess => {
  const wanted = repositoryIdentity(repoURL);
  let own: RepositoryAccess = {};
  let template: { readonly prefix: string; readonly access: RepositoryAccess } | undefined;
  for (const object of secrets) {
    const secret = object as Secret;
    const url = field(secret, 'url');
    if (url === undefined) continue;
    const identity = repositoryIdentity(url);
    if (secretType(secret) === 'repository' && identity === wanted) own = accessOf(secret);
    if (secretType(secret) === 'repo-creds' && covers(identity, wanted)) {
      if (template === undefined || identity.length > template.prefix.length) {
        template = { prefix: identity, access: accessOf(secret) };
      }
    }
  }
  if (template === undefined || hasCredentials(own)) return own;
  return { ...template.access, ...own, tls: { ...template.access.tls, ...own.tls } };
};

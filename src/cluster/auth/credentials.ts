import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expiryOf, hostsOf } from './certificate-facts.js';
import type { KeyedCertificate } from './certificates.js';

/** Everything secret that a server needs to know its clients and to be known by them. */
export interface Credentials {
  readonly authority: KeyedCertificate;
  readonly server: KeyedCertificate;
  /** Of the administrator, in the group `system:masters`. */
  readonly admin: KeyedCertificate;
  readonly adminToken: string;
  /** Signs the tokens of service accounts: PEM, PKCS #8. */
  readonly serviceAccountKey: string;
  /** By what aggregated servers know this one, whose word about who asks they take. */
  readonly frontProxy: FrontProxy;
}

export interface FrontProxy {
  /** Signs nothing else: whoever has a certificate of it can pass for anybody at aggregated servers. */
  readonly authority: KeyedCertificate;
  readonly client: KeyedCertificate;
}

/** Names under which every server is reached, beside those that it is told. */
const STANDING_HOSTS = [
  '127.0.0.1',
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
];

/** What makes certificates is loaded when one is missing only: most starts find them all. */
const maker = () => import('./certificates.js');

/** Certificates are renewed when less than this is left. */
const RENEW_BEFORE_MS = 30 * 86_400_000;

export interface CredentialOptions {
  /** Further addresses of the server, the first address of the range of Services among them. */
  readonly hosts?: readonly string[];
  readonly now: number;
}

/**
 * The credentials in a folder; what is missing, about to expire or of other hosts is made anew. The authority and the
 * token stay for ever. Folder and files are for their owner only.
 */
export const openCredentials = async (folder: string, options: CredentialOptions): Promise<Credentials> => {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const hosts = [...new Set([...STANDING_HOSTS, ...(options.hosts ?? [])])];
  const authority = await kept(folder, 'ca', async () => (await maker()).createAuthority(options.now));
  const server = await kept(
    folder,
    'server',
    async () =>
      (await maker()).issueCertificate(authority, { commonName: 'fairlead', hosts, use: 'server' }, options.now),
    ({ certificate }) =>
      isFresh(certificate, options.now) && hosts.every((host) => hostsOf(certificate).includes(host)),
  );
  const admin = await kept(
    folder,
    'admin',
    async () => (await maker()).issueCertificate(authority, ADMIN, options.now),
    ({ certificate }) => isFresh(certificate, options.now),
  );
  const adminToken = await keptText(folder, 'admin.token', () => randomBytes(32).toString('base64url'));
  const serviceAccountKey = await keptText(
    folder,
    'service-accounts.key',
    async () => (await (await maker()).createAuthority(0)).key,
  );
  const frontProxy = await openFrontProxy(folder, options.now);
  return { authority, server, admin, adminToken, serviceAccountKey, frontProxy };
};

/** The name of the certificate that aggregated servers expect. */
export const FRONT_PROXY_NAME = 'front-proxy-client';

const openFrontProxy = async (folder: string, now: number): Promise<FrontProxy> => {
  const authority = await kept(folder, 'front-proxy-ca', async () => (await maker()).createAuthority(now));
  const client = await kept(
    folder,
    'front-proxy-client',
    async () => (await maker()).issueCertificate(authority, { commonName: FRONT_PROXY_NAME, use: 'client' }, now),
    ({ certificate }) => isFresh(certificate, now),
  );
  return { authority, client };
};

const ADMIN = { commonName: 'kubernetes-admin', organizations: ['system:masters'], use: 'client' } as const;

const isFresh = (certificate: string, now: number): boolean => expiryOf(certificate) - now > RENEW_BEFORE_MS;

const kept = async (
  folder: string,
  name: string,
  make: () => Promise<KeyedCertificate>,
  isGood: (pair: KeyedCertificate) => boolean = () => true,
): Promise<KeyedCertificate> => {
  const certificate = await readIfThere(join(folder, `${name}.crt`));
  const key = await readIfThere(join(folder, `${name}.key`));
  if (certificate !== undefined && key !== undefined && isGood({ certificate, key })) return { certificate, key };
  const made = await make();
  await writeSecret(join(folder, `${name}.key`), made.key);
  await writeSecret(join(folder, `${name}.crt`), made.certificate);
  return made;
};

const keptText = async (folder: string, name: string, make: () => string | Promise<string>): Promise<string> => {
  const path = join(folder, name);
  const present = await readIfThere(path);
  if (present !== undefined && present.trim() !== '') return present.trim();
  const made = (await make()).trim();
  await writeSecret(path, `${made}\n`);
  return made;
};

const readIfThere = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

/** Whole or not at all, and never readable by others, not even for a moment. */
const writeSecret = async (path: string, text: string): Promise<void> => {
  const draft = `${path}.new`;
  await writeFile(draft, text, { mode: 0o600 });
  await chmod(draft, 0o600);
  await rename(draft, path);
};

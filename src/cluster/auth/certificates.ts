import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);

export const signingAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 3650;
const LEAF_DAYS = 365;

/** A certificate and its private key, both PEM. */
export interface KeyedCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** A new certificate authority that signs for one cluster. */
export const createAuthority = async (now: number): Promise<KeyedCertificate> => {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...(await validity(now, AUTHORITY_DAYS)),
    name: 'CN=fairlead-ca',
    keys,
    signingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return keyed(certificate, keys);
};

export interface LeafRequest {
  readonly commonName: string;
  /** Groups of a client; none for a server. */
  readonly organizations?: readonly string[];
  /** Host names and addresses that a server is reached under. */
  readonly hosts?: readonly string[];
  readonly use: 'server' | 'client';
}

/** A certificate signed by the authority. */
export const issueCertificate = async (
  authority: KeyedCertificate,
  request: LeafRequest,
  now: number,
): Promise<KeyedCertificate> => {
  const issuer = new x509.X509Certificate(authority.certificate);
  const keys = await newKeys();
  const hosts = request.hosts ?? [];
  const certificate = await x509.X509CertificateGenerator.create({
    ...(await validity(now, LEAF_DAYS)),
    subject: subjectOf(request),
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey: await importKey(authority.key),
    signingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([USES[request.use]]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      ...(hosts.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(hosts.map(alternativeName))]),
    ],
  });
  return keyed(certificate, keys);
};

const USES = { server: x509.ExtendedKeyUsage.serverAuth, client: x509.ExtendedKeyUsage.clientAuth } as const;

const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify']);

/** Serial number and times of a certificate for some days. */
export const validity = async (
  now: number,
  days: number,
): Promise<{ serialNumber: string; notBefore: Date; notAfter: Date }> => {
  const serial = webcrypto.getRandomValues(new Uint8Array(16));
  serial[0] = (serial[0] ?? 0) & 0x7f;
  return {
    serialNumber: Buffer.from(serial).toString('hex'),
    // Clocks of other machines may be a little behind.
    notBefore: new Date(now - 300_000),
    notAfter: new Date(now + days * DAY_MS),
  };
};

const subjectOf = ({ commonName, organizations = [] }: LeafRequest): { [type: string]: string[] }[] => [
  ...organizations.map((organization) => ({ O: [organization] })),
  { CN: [commonName] },
];

const alternativeName = (host: string): { type: 'ip' | 'dns'; value: string } => ({
  type: isIP(host) === 0 ? 'dns' : 'ip',
  value: host,
});

const keyed = async (certificate: x509.X509Certificate, keys: webcrypto.CryptoKeyPair): Promise<KeyedCertificate> => {
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { certificate: `${certificate.toString('pem')}\n`, key: `${x509.PemConverter.encode(key, 'PRIVATE KEY')}\n` };
};

/** A private key (PEM) to sign with. */
export const importKey = (pem: string): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(pem), signingAlgorithm, false, ['sign']);

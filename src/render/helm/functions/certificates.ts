import type { KeyObject, X509Certificate } from 'node:crypto';
import { nodeCrypto } from '../../builtin-modules.js';
import { isIP } from 'node:net';
import { GoError } from '../template/errors.js';
import { sprintValue } from '../template/print.js';
import type { Value } from '../template/values.js';
import { bits, boolean, integer, objectId, octets, printable, sequence, set, tagged, time, utf8 } from './der.js';

const COMMON_NAME = '2.5.4.3';
const DAY_MS = 86_400_000;

/** How a key signs: the algorithm's identifier, and the digest for node. */
const signatureOf = (key: KeyObject): { readonly algorithm: Buffer; readonly digest: string | null } => {
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return { algorithm: sequence(objectId('1.2.840.113549.1.1.11'), tagged(0x05)), digest: 'sha256' };
    case 'ec':
      return { algorithm: sequence(objectId('1.2.840.10045.4.3.2')), digest: 'sha256' };
    case 'ed25519':
      return { algorithm: sequence(objectId('1.3.101.112')), digest: null };
    default:
      throw new GoError('error creating certificate: x509: cannot sign with this key');
  }
};

const nameOf = (commonName: string): Buffer => {
  if (commonName === '') return sequence();
  const text = /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(commonName) ? printable(commonName) : utf8(commonName);
  return sequence(set(sequence(objectId(COMMON_NAME), text)));
};

const ipBytes = (text: string): Buffer => {
  if (isIP(text) === 4) return Buffer.from(text.split('.').map(Number));
  const [head = '', tail] = text.split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const before = groups(head);
  const after = groups(tail ?? '');
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - before.length - after.length }, () => 0);
  return Buffer.from([...before, ...zeros, ...after].flatMap((group) => [group >> 8, group & 0xff]));
};

const textList = (values: readonly Value[], problem: (value: Value) => string): string[] =>
  values.map((value) => {
    if (typeof value === 'string') return value;
    throw new GoError(problem(value));
  });

const alternativeNames = (ips: readonly Value[], names: readonly Value[]): Buffer | undefined => {
  const dns = textList(names, (value) => `error processing alternate dns name: ${sprintValue(value)} is not a string`);
  const addresses = textList(ips, (value) => `error parsing ip: ${sprintValue(value)} is not a string`);
  const wrong = addresses.find((address) => isIP(address) === 0);
  if (wrong !== undefined) throw new GoError(`error parsing ip: ${wrong}`);
  if (dns.length + addresses.length === 0) return undefined;
  return sequence(
    ...dns.map((name) => tagged(0x82, Buffer.from(name, 'utf8'))),
    ...addresses.map((address) => tagged(0x87, ipBytes(address))),
  );
};

const extension = (id: string, isCritical: boolean, content: Buffer): Buffer =>
  isCritical ? sequence(objectId(id), boolean(true), octets(content)) : sequence(objectId(id), octets(content));

/** The SHA-1 of the public key's bits, which names the key. */
const keyId = (publicKey: Buffer): Buffer => {
  // The bit string is the last member of SubjectPublicKeyInfo.
  const key = nodeCrypto().createPublicKey({ key: publicKey, format: 'der', type: 'spki' });
  const raw = key.asymmetricKeyType === 'rsa' ? key.export({ format: 'der', type: 'pkcs1' }) : publicKey;
  return nodeCrypto().createHash('sha1').update(raw).digest();
};

export interface CertificateRequest {
  readonly commonName: string;
  readonly ips: readonly Value[];
  readonly names: readonly Value[];
  readonly days: number;
  readonly isAuthority: boolean;
}

export interface Signer {
  readonly key: KeyObject;
  /** DER of the signer's name; undefined when the certificate signs itself. */
  readonly name: Buffer | undefined;
  readonly keyId: Buffer | undefined;
}

const extensionsOf = (request: CertificateRequest, publicKey: Buffer, signer: Signer): Buffer => {
  // Digital signature and key encipherment, certificate signing for an authority.
  const usage = request.isAuthority ? bits(Buffer.from([0xa4]), 2) : bits(Buffer.from([0xa0]), 5);
  const purposes = sequence(objectId('1.3.6.1.5.5.7.3.1'), objectId('1.3.6.1.5.5.7.3.2'));
  const members = [
    extension('2.5.29.15', true, usage),
    extension('2.5.29.37', false, purposes),
    extension('2.5.29.19', true, request.isAuthority ? sequence(boolean(true)) : sequence()),
  ];
  if (request.isAuthority) members.push(extension('2.5.29.14', false, octets(keyId(publicKey))));
  if (signer.keyId !== undefined) members.push(extension('2.5.29.35', false, sequence(tagged(0x80, signer.keyId))));
  const names = alternativeNames(request.ips, request.names);
  if (names !== undefined) members.push(extension('2.5.29.17', request.commonName === '', names));
  return tagged(0xa3, sequence(...members));
};

const pem = (type: string, der: Buffer): string =>
  `-----BEGIN ${type}-----\n${(der.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END ${type}-----\n`;

/** A certificate for `key`, signed by `signer`, as PEM. */
export const issue = (request: CertificateRequest, key: KeyObject, signer: Signer): string => {
  const publicKey = nodeCrypto().createPublicKey(key).export({ format: 'der', type: 'spki' });
  const { algorithm, digest } = signatureOf(signer.key);
  const subject = nameOf(request.commonName);
  const serial = nodeCrypto().randomBytes(16);
  const now = Date.now();
  const content = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(serial),
    algorithm,
    signer.name ?? subject,
    sequence(time(new Date(now)), time(new Date(now + request.days * DAY_MS))),
    subject,
    publicKey,
    extensionsOf(request, publicKey, signer),
  );
  return pem('CERTIFICATE', sequence(content, algorithm, bits(nodeCrypto().sign(digest, content, signer.key))));
};

const isPrivateKeyPem = /-----BEGIN ([A-Z ]*)-----/;

/** Reads a private key; the errors are sprig's. */
export const readPrivateKey = (text: string): KeyObject => {
  const type = isPrivateKeyPem.exec(text)?.[1];
  if (type === undefined) throw new GoError('no PEM data in input');
  if (type !== 'PRIVATE KEY' && !type.endsWith(' PRIVATE KEY')) {
    throw new GoError(`no private key data in PEM block of type ${type}`);
  }
  if (!['PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY'].includes(type)) {
    throw new GoError(`invalid private key type ${type.replace(' PRIVATE KEY', '')}`);
  }
  try {
    return nodeCrypto().createPrivateKey(text);
  } catch (error) {
    throw new GoError(`decoding PEM as PKCS#8: ${error instanceof Error ? error.message : String(error)}`);
  }
};

/** The PEM in which Go writes a key of that kind. */
export const keyPem = (key: KeyObject): string => {
  const type = key.asymmetricKeyType === 'rsa' ? 'pkcs1' : key.asymmetricKeyType === 'ec' ? 'sec1' : 'pkcs8';
  return key.export({ format: 'pem', type }) as string;
};

/** What a certificate signs others with. */
export const signerOf = (certificate: string, key: string): Signer => {
  if (!certificate.includes('-----BEGIN ')) throw new GoError('unable to decode certificate');
  let parsed: X509Certificate;
  try {
    parsed = new (nodeCrypto().X509Certificate)(certificate);
  } catch (error) {
    throw new GoError(
      `error parsing certificate: decodedSignerCert.Bytes: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const publicKey = parsed.publicKey.export({ format: 'der', type: 'spki' });
  return { key: readPrivateKey(key), name: subjectOf(parsed.raw), keyId: parsed.ca ? keyId(publicKey) : undefined };
};

/** Steps over one DER value: where its content begins, and where it ends. */
const step = (der: Buffer, at: number): { readonly content: number; readonly end: number } => {
  const first = der[at + 1] ?? 0;
  if (first < 0x80) return { content: at + 2, end: at + 2 + first };
  const size = der.readUIntBE(at + 2, first & 0x7f);
  const content = at + 2 + (first & 0x7f);
  return { content, end: content + size };
};

/** The subject's name as it stands in a certificate. */
const subjectOf = (der: Buffer): Buffer => {
  let at = step(der, step(der, 0).content).content;
  // Version (optional), serial number, algorithm, issuer, validity.
  const skipped = der[at] === 0xa0 ? 5 : 4;
  for (let i = 0; i < skipped; i++) at = step(der, at).end;
  return der.subarray(at, step(der, at).end);
};

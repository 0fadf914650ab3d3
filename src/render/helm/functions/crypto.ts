import type { KeyObject } from 'node:crypto';
import { nodeCrypto } from '../../builtin-modules.js';
import { createRequire } from 'node:module';
import { corruptAt } from './encoding.js';
import { GoError } from '../template/errors.js';
import { fromBytes, toBytes } from '../template/go-string.js';
import { type Integer, Struct, type Value } from '../template/values.js';
import { issue, keyPem, readPrivateKey, type Signer, signerOf } from './certificates.js';
import { isBase64 } from './encoding.js';
import { type Definition, type Family, fn } from './define.js';
import { PASSWORD_CHARACTERS, PASSWORD_TEMPLATES } from './password-templates.js';

const require = createRequire(import.meta.url);
/** Go's default for bcrypt. */
const BCRYPT_ROUNDS = 10;
const MAX_BCRYPT_BYTES = 72;

const bcryptHash = (text: string): string => {
  if (toBytes(text).length > MAX_BCRYPT_BYTES) {
    return 'failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes';
  }
  const library = require('bcryptjs') as { hashSync(text: string, rounds: number): string };
  return library.hashSync(text, BCRYPT_ROUNDS).replace(/^\$2b\$/, '$2a$');
};

const htpasswd = (user: string, password: string): string =>
  user.includes(':') ? `invalid username: ${user}` : `${user}:${bcryptHash(password)}`;

const uint32 = (value: number): Buffer => {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value >>> 0);
  return buffer;
};

/** The Master Password algorithm. */
const derivePassword = (counter: number, type: string, password: string, user: string, site: string): string => {
  const templates = PASSWORD_TEMPLATES.get(type);
  if (templates === undefined) return `cannot find password template ${type}`;
  const scope = Buffer.from('com.lyndir.masterpassword');
  const name = toBytes(user);
  const salt = Buffer.concat([scope, uint32(name.length), name]);
  const key = nodeCrypto().scryptSync(toBytes(password), salt, 64, {
    N: 32_768,
    r: 8,
    p: 2,
    maxmem: 128 * 1024 * 1024,
  });
  const place = toBytes(site);
  const seed = nodeCrypto()
    .createHmac('sha256', key)
    .update(Buffer.concat([scope, uint32(place.length), place, uint32(counter)]))
    .digest();
  const template = templates[(seed[0] ?? 0) % templates.length] ?? '';
  return Array.from(template, (kind, i) => {
    const characters = PASSWORD_CHARACTERS.get(kind) ?? '';
    return characters.charAt((seed[i + 1] ?? 0) % characters.length);
  }).join('');
};

const generateRsa = (size: number): KeyObject =>
  nodeCrypto().generateKeyPairSync('rsa', { modulusLength: size }).privateKey;

const genPrivateKey = (type: string): string => {
  switch (type) {
    case '':
    case 'rsa':
      return keyPem(generateRsa(4096));
    case 'ecdsa':
      return keyPem(nodeCrypto().generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
    case 'ed25519':
      return keyPem(nodeCrypto().generateKeyPairSync('ed25519').privateKey);
    case 'dsa':
      return nodeCrypto()
        .generateKeyPairSync('dsa', { modulusLength: 2048, divisorLength: 256 })
        .privateKey.export({ format: 'pem', type: 'pkcs8' })
        .toString();
    default:
      return `Unknown type ${type}`;
  }
};

const certificate = (cert: string, key: string): Struct =>
  new Struct(
    'sprig.certificate',
    new Map<string, Value>([
      ['Cert', cert],
      ['Key', key],
    ]),
  );

const fieldOf = (struct: Struct, name: string): string => struct.fields.get(name) as string;

interface Names {
  readonly commonName: string;
  readonly ips: readonly Value[];
  readonly names: readonly Value[];
  readonly days: Integer;
}

const issued = (names: Names, key: KeyObject, signer: Signer | undefined, isAuthority: boolean): Struct => {
  const request = { ...names, days: names.days.toNumber(), isAuthority };
  return certificate(issue(request, key, signer ?? { key, name: undefined, keyId: undefined }), keyPem(key));
};

const authority = (commonName: string, days: Integer, key: KeyObject): Struct =>
  issued({ commonName, ips: [], names: [], days }, key, undefined, true);

const parsing = (text: string): KeyObject => {
  try {
    return readPrivateKey(text);
  } catch (error) {
    if (error instanceof GoError) throw new GoError(`parsing private key: ${error.message}`);
    throw error;
  }
};

const buildCustomCert = (cert: string, key: string): Struct => {
  if (!isBase64(cert)) throw new GoError('unable to decode base64 certificate');
  if (!isBase64(key)) throw new GoError('unable to decode base64 private key');
  const certText = Buffer.from(cert, 'base64').toString('utf8');
  const keyText = Buffer.from(key, 'base64').toString('utf8');
  if (!certText.includes('-----BEGIN ')) throw new GoError('unable to decode certificate');
  try {
    void new (nodeCrypto().X509Certificate)(certText);
  } catch (error) {
    throw new GoError(
      `error parsing certificate: decodedCert.Bytes: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  try {
    readPrivateKey(keyText);
  } catch (error) {
    if (error instanceof GoError) throw new GoError(`error parsing private key: ${error.message}`);
    throw error;
  }
  return certificate(certText, keyText);
};

const aesKey = (password: string): Buffer => {
  const key = Buffer.alloc(32);
  toBytes(password).copy(key);
  return key;
};

const encryptAes = (password: string, text: string): string => {
  if (text === '') return '';
  const iv = nodeCrypto().randomBytes(16);
  const cipher = nodeCrypto().createCipheriv('aes-256-cbc', aesKey(password), iv);
  return Buffer.concat([iv, cipher.update(toBytes(text)), cipher.final()]).toString('base64');
};

const decryptAes = (password: string, text: string): string => {
  if (text === '') return '';
  const corrupt = corruptAt(text);
  if (corrupt !== undefined) throw new GoError(`illegal base64 data at input byte ${corrupt}`);
  const data = Buffer.from(text, 'base64');
  if (data.length < 16)
    throw new GoError(`runtime error: slice bounds out of range [:16] with capacity ${data.length}`);
  if (data.length % 16 !== 0) throw new GoError('crypto/cipher: input not full blocks');
  const decipher = nodeCrypto()
    .createDecipheriv('aes-256-cbc', aesKey(password), data.subarray(0, 16))
    .setAutoPadding(false);
  const plain = Buffer.concat([decipher.update(data.subarray(16)), decipher.final()]);
  return fromBytes(plain.subarray(0, plain.length - (plain.at(-1) ?? 0)));
};

/** A tenth of a second and more: a render can make some hundreds of keys, and a thousand hashes. */
const KEY_STEPS = 100_000;
const HASH_STEPS = 50_000;
const slow = (steps: number, definition: Definition): Definition => ({ ...definition, steps });

/** Sprig's cryptography. Keys are made on the spot: a render that asks for them is different each time. */
export const crypto: Family = {
  bcrypt: slow(HASH_STEPS, fn(['string'], bcryptHash)),
  htpasswd: slow(HASH_STEPS, fn(['string', 'string'], htpasswd)),
  derivePassword: slow(
    HASH_STEPS,
    fn(['int', 'string', 'string', 'string', 'string'], (counter, type, password, user, site) =>
      derivePassword(counter.toNumber(), type, password, user, site),
    ),
  ),
  genPrivateKey: slow(KEY_STEPS, fn(['string'], genPrivateKey)),
  genCA: slow(
    KEY_STEPS,
    fn(['string', 'int'], (name, days) => authority(name, days, generateRsa(2048))),
  ),
  genCAWithKey: fn(['string', 'int', 'string'], (name, days, key) => authority(name, days, parsing(key))),
  genSelfSignedCert: slow(
    KEY_STEPS,
    fn(['string', 'list', 'list', 'int'], (commonName, ips, names, days) =>
      issued({ commonName, ips, names, days }, generateRsa(2048), undefined, false),
    ),
  ),
  genSelfSignedCertWithKey: fn(['string', 'list', 'list', 'int', 'string'], (commonName, ips, names, days, key) =>
    issued({ commonName, ips, names, days }, parsing(key), undefined, false),
  ),
  genSignedCert: slow(
    KEY_STEPS,
    fn(['string', 'list', 'list', 'int', 'certificate'], (commonName, ips, names, days, ca) =>
      issued(
        { commonName, ips, names, days },
        generateRsa(2048),
        signerOf(fieldOf(ca, 'Cert'), fieldOf(ca, 'Key')),
        false,
      ),
    ),
  ),
  genSignedCertWithKey: fn(
    ['string', 'list', 'list', 'int', 'certificate', 'string'],
    (commonName, ips, names, days, ca, key) =>
      issued({ commonName, ips, names, days }, parsing(key), signerOf(fieldOf(ca, 'Cert'), fieldOf(ca, 'Key')), false),
  ),
  buildCustomCert: fn(['string', 'string'], buildCustomCert),
  encryptAES: fn(['string', 'string'], encryptAes),
  decryptAES: fn(['string', 'string'], decryptAes),
};

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createCleartextMessage, generateKey, type PrivateKey, revokeKey, sign } from 'openpgp';
import { verifyProvenance } from '../../../../src/render/helm/provenance/verify-provenance.js';

const ARCHIVE = Buffer.from('an archive');
const HASH = createHash('sha256').update(ARCHIVE).digest('hex');
const FILE = 'web-1.0.0.tgz';
const TEXT = `name: web\n\n...\nfiles:\n  ${FILE}: sha256:${HASH}\n`;
const PAST = new Date('2020-01-01');

const newKey = async (name: string, extra: object = {}): Promise<PrivateKey> =>
  (await generateKey({ type: 'ecc', userIDs: [{ name }], format: 'object', date: PAST, ...extra })).privateKey;

const signed = async (key: PrivateKey, text = TEXT, extra: object = {}): Promise<Buffer> =>
  Buffer.from(await sign({ message: await createCleartextMessage({ text }), signingKeys: key, ...extra }));

const ringOf = (...keys: PrivateKey[]): Uint8Array => Buffer.concat(keys.map((key) => key.toPublic().write()));

describe('verifyProvenance', () => {
  let key: PrivateKey;
  let other: PrivateKey;
  before(async () => {
    [key, other] = await Promise.all([newKey('web'), newKey('other')]);
  });

  const verify = (provenance: Buffer, keyring: Uint8Array, fileName = FILE, archive = ARCHIVE): Promise<void> =>
    verifyProvenance({ archive, provenance, fileName, keyring });
  const refuses = (check: Promise<void>, message: string): Promise<void> =>
    assert.rejects(check, { name: 'ChartError', message });

  it('takes what a key of the ring signed', async () => {
    await verify(await signed(key), ringOf(other, key));
    const withText = Buffer.from(`some text\n${(await signed(key)).toString().replaceAll('\n', '\r\n')}`);
    await verify(withText, ringOf(key));
  });

  it('refuses what nobody of the ring signed', async () => {
    await refuses(verify(await signed(key), ringOf(other)), 'openpgp: signature made by unknown entity');
    await refuses(verify(await signed(key), Buffer.alloc(0)), 'openpgp: signature made by unknown entity');
  });

  it('refuses a text or a signature that was changed', async () => {
    const message = 'openpgp: invalid signature: EdDSA verification failure';
    const changed = (await signed(key)).toString().replace('name: web', 'name: bew');
    await refuses(verify(Buffer.from(changed), ringOf(key)), message);
    const both = (await signed(key)).toString().replace(HASH, HASH.replace(/./, 'x'));
    await refuses(verify(Buffer.from(both), ringOf(key)), message);
  });

  it('refuses another archive and another name', async () => {
    const data = Buffer.from('another');
    const found = createHash('sha256').update(data).digest('hex');
    await refuses(
      verify(await signed(key), ringOf(key), FILE, data),
      `sha256 sum does not match for ${FILE}: "sha256:${HASH}" != "sha256:${found}"`,
    );
    await refuses(
      verify(await signed(key), ringOf(key), 'x.tgz'),
      'provenance does not contain a SHA for a file named "x.tgz"',
    );
  });

  it('refuses keys and signatures that are over', async () => {
    const short = await newKey('short', { keyExpirationTime: 86_400 });
    const then = { date: new Date(PAST.getTime() + 3_600_000) };
    await refuses(verify(await signed(short, TEXT, then), ringOf(short)), 'openpgp: key expired');
    const future = { date: new Date(Date.now() + 86_400_000) };
    await refuses(verify(await signed(key, TEXT, future), ringOf(key)), 'openpgp: signature expired');
    const provenance = await signed(other);
    const { publicKey } = await revokeKey({ key: other, format: 'object' });
    await refuses(verify(provenance, publicKey.write()), 'openpgp: signature made by revoked key');
  });

  it('refuses files that are something else', async () => {
    await refuses(verify(Buffer.from('hello'), ringOf(key)), 'signature block not found');
    const ring = ringOf(key);
    await refuses(
      verify(await signed(key), Buffer.from('text')),
      'failed to load keyring: openpgp: invalid data: tag byte does not have MSB set',
    );
    await refuses(verify(await signed(key), ring.subarray(0, 40)), 'failed to load keyring: unexpected EOF');
    await refuses(verify(await signed(key, 'a: 1'), ring), 'message block must have at least two parts');
    await refuses(
      verify(await signed(key, 'a: 1\n...\nfiles: 5'), ring),
      'error unmarshaling JSON: while decoding JSON: json: cannot unmarshal number into Go struct field SumCollection.files of type map[string]string',
    );
    const broken = (await signed(key)).toString().replace(/(SIGNATURE-----\n\n)./, '$1*');
    await refuses(verify(Buffer.from(broken), ring), 'illegal base64 data at input byte 0');
  });

  it('takes signatures of a subkey', async () => {
    const withSubkey = await newKey('sub', { subkeys: [{ sign: true }] });
    const [, second] = withSubkey.getKeys();
    await verify(await signed(withSubkey, TEXT, { signingKeyIDs: second?.getKeyID() }), ringOf(withSubkey));
  });
});

import {
  type Config,
  config,
  createMessage,
  enums,
  type Key,
  PacketList,
  readKeys,
  readSignature,
  Signature,
  type SignaturePacket,
  verify,
} from 'openpgp';
import { ChartError } from '../chart/chart-error.js';
import type { ClearSigned } from './clear-signed.js';

const UNKNOWN_SIGNER = 'openpgp: signature made by unknown entity';
const NO_PACKET = 'openpgp: invalid data: tag byte does not have MSB set';
const REJECTED_HASHES = new Set([enums.hash.md5, enums.hash.ripemd]);

/** What Helm takes: DSA and SHA-1 too. */
const ACCEPTED: Partial<Config> = {
  minRSABits: 1024,
  allowMissingKeyFlags: true,
  rejectHashAlgorithms: REJECTED_HASHES,
  rejectMessageHashAlgorithms: REJECTED_HASHES,
  rejectPublicKeyAlgorithms: new Set([enums.publicKey.elgamal]),
  rejectCurves: new Set(),
};

const WHOLE: Config = { ...config, ...ACCEPTED };

const ALGORITHMS: Readonly<Record<string, string>> = {
  [enums.publicKey.dsa]: 'DSA',
  [enums.publicKey.ecdsa]: 'ECDSA',
  [enums.publicKey.eddsaLegacy]: 'EdDSA',
  [enums.publicKey.ed25519]: 'Ed25519',
  [enums.publicKey.ed448]: 'Ed448',
};

const startsPacket = (data: Uint8Array): boolean => ((data[0] ?? 0) & 0x80) !== 0;
const problemOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The keys in a file of `gpg --export`. Throws ChartError. */
export const readKeyring = async (data: Uint8Array): Promise<readonly Key[]> => {
  if (data.length === 0) return [];
  if (!startsPacket(data)) throw new ChartError(`failed to load keyring: ${NO_PACKET}`);
  try {
    return await readKeys({ binaryKeys: data, config: ACCEPTED });
  } catch (error) {
    const problem = problemOf(error);
    throw new ChartError(`failed to load keyring: ${/Unexpected end/.test(problem) ? 'unexpected EOF' : problem}`);
  }
};

/** Requires that the first signature whose key is at hand is good today. Throws ChartError. */
export const requireSigner = async ({ signed, signatures }: ClearSigned, keys: readonly Key[]): Promise<void> => {
  for (const packet of await readPackets(signatures)) {
    if (packet.hashAlgorithm === null || REJECTED_HASHES.has(packet.hashAlgorithm)) continue;
    const key = keys.find((candidate) => candidate.getKeys(packet.issuerKeyID).length > 0);
    if (key === undefined) continue;
    const isGood = await isSignatureOf(key, packet, signed);
    await requireValid(key, packet);
    if (isGood) return;
    const algorithm = ALGORITHMS[packet.publicKeyAlgorithm ?? 0] ?? 'RSA';
    throw new ChartError(`openpgp: invalid signature: ${algorithm} verification failure`);
  }
  throw new ChartError(UNKNOWN_SIGNER);
};

const readPackets = async (data: Uint8Array): Promise<readonly SignaturePacket[]> => {
  if (data.length === 0) return [];
  if (!startsPacket(data)) throw new ChartError(NO_PACKET);
  try {
    return (await readSignature({ binarySignature: data, config: ACCEPTED })).packets;
  } catch (error) {
    throw new ChartError(`openpgp: invalid data: ${problemOf(error)}`);
  }
};

/** As of when it was signed: what became of the key is asked apart, because Helm says it in other words. */
const isSignatureOf = async (key: Key, packet: SignaturePacket, signed: Uint8Array): Promise<boolean> => {
  const packets = new PacketList<SignaturePacket>();
  packets.push(packet);
  const { signatures } = await verify({
    message: await createMessage({ binary: signed }),
    signature: new Signature(packets),
    verificationKeys: key.toPublic(),
    date: packet.created ?? new Date(),
    config: ACCEPTED,
  });
  const verified = await Promise.all(
    signatures.map(({ verified: outcome }) => outcome.then(() => true).catch(() => false)),
  );
  return verified.length > 0 && verified.every(Boolean);
};

const isPast = (time: Date | number | null): boolean => Number(time ?? 0) <= Date.now();

/** Requires that the key, the part of it that signed and the signature are good today. */
const requireValid = async (key: Key, packet: SignaturePacket): Promise<void> => {
  const parts = key.getSubkeys(packet.issuerKeyID);
  const ofSubkey = parts.map((part) => part.isRevoked(undefined as never, undefined as never, new Date(), WHOLE));
  if ((await key.isRevoked(undefined, undefined, new Date(), WHOLE)) || (await Promise.all(ofSubkey)).includes(true)) {
    throw new ChartError('openpgp: signature made by revoked key');
  }
  const ends = [
    key.getExpirationTime(undefined, WHOLE),
    ...parts.map((part) => part.getExpirationTime(new Date(), WHOLE)),
  ];
  if ((await Promise.all(ends)).some(isPast)) throw new ChartError('openpgp: key expired');
  if (isPast(packet.getExpirationTime()) || !isPast(packet.created)) throw new ChartError('openpgp: signature expired');
  try {
    await key.getSigningKey(packet.issuerKeyID, new Date(), undefined, WHOLE);
  } catch {
    throw new ChartError(UNKNOWN_SIGNER);
  }
};

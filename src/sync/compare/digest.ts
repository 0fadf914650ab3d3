import { createHash } from 'node:crypto';
import { writeJson } from '../../objects/lossless-json.js';
import type { KubeObject } from '../../objects/object.js';
import { comparable } from './normalize.js';

/** SHA-256 of a value's JSON, as hexadecimal text. */
export const digestOf = (value: unknown): string => createHash('sha256').update(writeJson(value)).digest('hex');

const DIGESTS = new WeakMap<KubeObject, string>();

/**
 * A fingerprint of a live object that changes when a comparison with it may come out differently: not with its status.
 * Objects are frozen and shared, so that it is computed once for each state.
 */
export const liveDigest = (live: KubeObject): string => {
  const known = DIGESTS.get(live);
  if (known !== undefined) return known;
  const made = `${live.metadata.uid ?? ''}:${digestOf(comparable(live))}`;
  DIGESTS.set(live, made);
  return made;
};

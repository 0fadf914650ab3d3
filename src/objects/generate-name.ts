import { randomInt } from 'node:crypto';

/** Letters and digits without vowels and look-alikes, so that no name spells a word. */
export const SAFE_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;
const MAX_PREFIX_LENGTH = 63 - SUFFIX_LENGTH;

/** `length` random characters of the alphabet of generated names. */
export const randomSuffix = (length: number = SUFFIX_LENGTH): string =>
  Array.from({ length }, () => SAFE_ALPHABET[randomInt(SAFE_ALPHABET.length)]).join('');

/** A name from `metadata.generateName`: the prefix, cut to 58 characters, and five random ones. */
export const generateName = (prefix: string): string => `${prefix.slice(0, MAX_PREFIX_LENGTH)}${randomSuffix()}`;

/** Digits as characters of the safe alphabet: the form of hashes in names of ReplicaSets. */
export const safeEncode = (text: string): string =>
  Array.from(text, (character) => SAFE_ALPHABET[character.charCodeAt(0) % SAFE_ALPHABET.length]).join('');

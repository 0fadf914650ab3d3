import { writeJson } from './lossless-json.js';

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** A JSON text as Go's encoder writes it: safe within HTML. */
export const asGoJson = (json: string): string => json.replaceAll(/[<>&\u2028\u2029]/g, escaped);

/** The JSON of a value as Go's encoder writes it; keys stay in their order. */
export const goJson = (value: unknown): string => asGoJson(writeJson(value));

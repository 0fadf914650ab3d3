import { RE2JS } from 're2js';
import { CelError } from './values.js';

const compiled = new Map<string, RE2JS>();
const LIMIT = 500;

/** A pattern of RE2, compiled once: it comes from users and must run in linear time. Throws a CelError. */
export const pattern = (text: string): RE2JS => {
  const known = compiled.get(text);
  if (known !== undefined) return known;
  try {
    const made = RE2JS.compile(text);
    if (compiled.size >= LIMIT) compiled.clear();
    compiled.set(text, made);
    return made;
  } catch (error) {
    throw new CelError(error instanceof Error ? error.message : String(error));
  }
};

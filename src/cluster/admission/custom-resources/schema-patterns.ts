import { RE2JS } from 're2js';

/** Why a pattern cannot be compiled, in the words of Go's regexp; undefined for one that can. */
export const patternFault = (pattern: string): string | undefined => {
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

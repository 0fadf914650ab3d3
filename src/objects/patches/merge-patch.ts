import { isRecord, jsonEquals, ownValue, setOwn } from '../json.js';

/** Applies an RFC 7386 patch and returns the new document; parts that the patch does not name are shared. */
export const applyMergePatch = (document: unknown, patch: unknown): unknown => {
  if (!isRecord(patch)) return patch;
  const result: Record<string, unknown> = isRecord(document) ? { ...document } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else setOwn(result, key, applyMergePatch(ownValue(result, key), value));
  }
  return result;
};

/**
 * The patch that turns one document into the other, the reverse of `applyMergePatch`. A value of null in `modified`
 * cannot be expressed and reads as removal.
 */
export const createMergePatch = (original: unknown, modified: unknown): unknown => {
  if (!isRecord(original) || !isRecord(modified)) return modified;
  const patch: Record<string, unknown> = {};
  for (const key of Object.keys(original)) if (!Object.hasOwn(modified, key)) setOwn(patch, key, null);
  for (const [key, value] of Object.entries(modified)) {
    const before = ownValue(original, key);
    if (isRecord(before) && isRecord(value)) {
      const inner = createMergePatch(before, value) as Record<string, unknown>;
      if (Object.keys(inner).length > 0) setOwn(patch, key, inner);
    } else if (!jsonEquals(before, value)) {
      setOwn(patch, key, value);
    }
  }
  return patch;
};

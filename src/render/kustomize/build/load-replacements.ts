import { KustomizeError } from '../errors.js';
import { decode, readConfig } from '../kustomization/decode.js';
import { replacementShape } from '../kustomization/shapes.js';
import type { Loader } from '../load/loader.js';
import type { Replacement } from '../transform/replacements.js';

type ReplacementEntry = Replacement & { readonly path?: string };

/** Replacements as they are in the kustomization or in files of their own. */
export const loadReplacements = async (
  entries: readonly ReplacementEntry[],
  loader: Loader,
): Promise<Replacement[]> => {
  const result: Replacement[] = [];
  for (const { path, ...inline } of entries) {
    if (!path) {
      result.push(inline);
      continue;
    }
    if (inline.source !== undefined || (inline.targets ?? []).length > 0) {
      throw new KustomizeError('cannot specify both path and inline replacement');
    }
    const value = readConfig(await loader.loadText(path));
    const options = { strict: false, coerce: true };
    if (Array.isArray(value)) result.push(...(decode(value, { list: replacementShape }, options) as Replacement[]));
    else if (value instanceof Map) result.push(decode(value, replacementShape, options) as Replacement);
    else throw new KustomizeError(`unsupported replacement type encountered within replacement path: ${path}`);
  }
  return result;
};

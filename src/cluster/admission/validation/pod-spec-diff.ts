import { createRequire } from 'node:module';
import type * as textDiff from 'diff';
import type { PodSpec } from '../../../objects/kinds/core-v1.js';
import { internal } from './go-values.js';

/** Loaded with the first refused change of a pod: a start without it is faster. */
const load = createRequire(import.meta.url);

const linesOf = (form: unknown): string => `${JSON.stringify(form, undefined, 1)}\n`;

/** A unified diff of two forms: `-` is asked for, `+` is there. */
const diffOf = (asked: unknown, current: unknown): string => {
  const { structuredPatch } = load('diff') as typeof textDiff;
  const { hunks } = structuredPatch('', '', linesOf(asked), linesOf(current), undefined, undefined, { context: 3 });
  return hunks
    .flatMap(({ oldStart, oldLines, newStart, newLines, lines: changed }) => [
      `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
      ...changed,
    ])
    .map((line) => `${line}\n`)
    .join('');
};

/** How two values of a type of the field tables differ: `-` is the first, `+` the second. */
export const structDiff = (type: string, first: unknown, second: unknown): string =>
  diffOf(internal(type, first ?? {}), internal(type, second ?? {}));

/** What is asked of a spec beside how it is, in the form in which Kubernetes holds them. */
export const podSpecDiff = (asked: Partial<PodSpec>, current: Partial<PodSpec>): string =>
  structDiff('core/v1.PodSpec', current, asked);

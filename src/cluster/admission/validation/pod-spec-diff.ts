import { createRequire } from 'node:module';
import type * as textDiff from 'diff';
import { isRecord } from '../../../objects/json.js';
import type { PodSpec } from '../../../objects/kinds/core-v1.js';
import { internal } from './go-values.js';

/** Loaded with the first refused change of a pod: a start without it is faster. */
const load = createRequire(import.meta.url);

/** What a pod shares with its node is part of its security context inside Kubernetes. */
const SHARED = ['hostNetwork', 'hostPID', 'hostIPC'] as const;

const innerForm = (spec: Readonly<Record<string, unknown>>): unknown => {
  const form = internal('core/v1.PodSpec', spec) as Record<string, unknown>;
  const shared = Object.fromEntries(SHARED.map((name) => [`H${name.slice(1)}`, spec[name] ?? false]));
  const { shareProcessNamespace = null, hostUsers = null } = spec;
  const others = { ShareProcessNamespace: shareProcessNamespace, HostUsers: hostUsers };
  const context = form['SecurityContext'];
  return { ...form, SecurityContext: isRecord(context) ? { ...shared, ...others, ...context } : context };
};

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

/** How two specs differ, in the form in which Kubernetes holds them. */
export const podSpecDiff = (asked: Partial<PodSpec>, current: Partial<PodSpec>): string =>
  diffOf(
    innerForm(asked as Readonly<Record<string, unknown>>),
    innerForm(current as Readonly<Record<string, unknown>>),
  );

/** How two values of a type of the field tables differ: `-` is the first, `+` the second. */
export const structDiff = (type: string, first: unknown, second: unknown): string =>
  diffOf(internal(type, first ?? {}), internal(type, second ?? {}));

import { info, type Notify } from '../notice.js';
import { trimSpace } from '../functions/strings.js';
import { basePath } from '../functions/paths.js';
import { compareStrings } from '../template/go-string.js';
import { readHead } from './manifest-head.js';
import { compareKinds } from './install-order.js';
import { type Document, splitManifests } from './split-manifests.js';

/** A rendered document and the template that it comes from. */
export interface RenderedManifest {
  readonly template: string;
  readonly content: string;
  readonly kind: string;
  /** Its first line in what the template wrote, from 1. */
  readonly line: number;
}

export interface Hook extends RenderedManifest {
  readonly name: string;
  readonly events: readonly string[];
  readonly weight: number;
}

export interface SortedManifests {
  readonly manifests: readonly RenderedManifest[];
  readonly hooks: readonly Hook[];
}

const EVENTS: ReadonlyMap<string, string> = new Map([
  ...[
    'pre-install',
    'post-install',
    'pre-delete',
    'post-delete',
    'pre-upgrade',
    'post-upgrade',
    'pre-rollback',
    'post-rollback',
    'test',
  ].map((event) => [event, event] as const),
  // Helm 2 called it so.
  ['test-success', 'test'],
]);

/** Splits what the templates wrote into documents, tells hooks from manifests, and orders both for installation. */
export const sortManifests = (rendered: ReadonlyMap<string, string>, notify: Notify): SortedManifests => {
  const manifests: RenderedManifest[] = [];
  const hooks: Hook[] = [];
  const sorter: Sorter = { manifests, hooks, notify };
  for (const template of [...rendered.keys()].sort(compareStrings)) {
    const content = rendered.get(template) ?? '';
    if (basePath(template).startsWith('_') || trimSpace(content) === '') continue;
    for (const document of splitManifests(content)) place(template, document, sorter);
  }
  const byKind = (a: RenderedManifest, b: RenderedManifest): number => compareKinds(a.kind, b.kind);
  return { manifests: manifests.sort(byKind), hooks: hooks.sort(byKind) };
};

interface Sorter {
  readonly manifests: RenderedManifest[];
  readonly hooks: Hook[];
  readonly notify: Notify;
}

const place = (template: string, document: Document, { manifests, hooks, notify }: Sorter): void => {
  const { text: content, line } = document;
  const head = readHead(template, content);
  const types = head.annotations.get('helm.sh/hook');
  if (types === undefined) {
    manifests.push({ template, content, kind: head.kind, line });
    return;
  }
  const events = types.split(',').map((type) => EVENTS.get(trimSpace(type).toLowerCase()));
  // An unknown hook is left out altogether.
  if (!events.every((event) => event !== undefined)) {
    notify(info('skipping unknown hooks', ['hookTypes', types]));
    return;
  }
  hooks.push({ template, content, line, kind: head.kind, name: head.name, events, weight: weightOf(head.annotations) });
};

const weightOf = (annotations: ReadonlyMap<string, string>): number => {
  const text = annotations.get('helm.sh/hook-weight') ?? '';
  return /^[+-]?[0-9]+$/.test(text) ? Number(text) : 0;
};

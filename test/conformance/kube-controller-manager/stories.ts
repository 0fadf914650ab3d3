import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDocument, type Document } from 'yaml';
import type { Look } from './looks.js';

/** Which objects of the story's namespace; a resource is written `apps/v1/deployments`, of the core group `v1/pods`. */
export interface Target {
  readonly resource: string;
  readonly name: string;
}

/** How pods stand when the player of the kubelet has patched their status. */
export type PodState = 'running' | 'ready' | 'succeeded' | 'failed';

export interface PlayedPods {
  /** Labels that the pods have; absent: all of the namespace. */
  readonly match?: Readonly<Record<string, string>>;
  /** One pod by its name. */
  readonly name?: string;
  readonly state: PodState;
  /** So many of those that are not in that state yet, the first by name; absent: all. */
  readonly count?: number;
  readonly exitCode?: number;
  readonly conditions?: readonly object[];
  readonly reason?: string;
}

/** One thing that a user or a node does, or a look at what has become of it. */
export interface Step {
  readonly create?: object;
  readonly patch?: Target & {
    readonly subresource?: string;
    readonly type?: 'merge' | 'strategic' | 'json';
    readonly body: unknown;
  };
  readonly delete?: Target & { readonly options?: object };
  readonly post?: Target & { readonly subresource: string; readonly body: object };
  readonly pods?: PlayedPods;
  /** Waits that the story itself wants, in milliseconds; for what happens by the clock. */
  readonly pause?: number;
  readonly look?: string;
  /** How long nothing may change before the recorder believes it, in milliseconds, where that is longer than usual. */
  readonly quiet?: number;
  /** What the real controllers made of it; see `packed`. */
  readonly seen?: Look;
}

export interface Story {
  readonly name: string;
  /** What looks list, besides events. */
  readonly resources: readonly string[];
  /** Objects outside the namespace that looks get: `v1/namespaces/$ns`. */
  readonly also?: readonly string[];
  /** Events tell in which order things were tried; a story whose order is by chance leaves them out. */
  readonly events?: boolean;
  readonly steps: readonly Step[];
}

export interface StoryFile {
  readonly stories: readonly Story[];
}

const folder = fileURLToPath(new URL('records/', import.meta.url));

export const storyFiles = (name?: string): readonly string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.yaml') && (name === undefined || file === `${name}.yaml`))
    .sort();

export const storyPath = (file: string): string => join(folder, file);

/** The file as a document, which keeps comments and layout when looks are written into it. */
export const readDocument = (path: string): Document => parseDocument(readFileSync(path, 'utf8'));

export const readStories = (path: string): StoryFile => readDocument(path).toJS({ maxAliasCount: -1 }) as StoryFile;

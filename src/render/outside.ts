import type { FileTree } from './file-tree.js';
import type { TreeRef } from './files/open-tree.js';

/** A question of a render about the world outside its tree. Plain data: it crosses threads and keys the cache. */
export type Question =
  /** Helm's `lookup`: one object, or all of a kind where the name is empty. */
  | {
      readonly ask: 'lookup';
      readonly apiVersion: string;
      readonly kind: string;
      readonly namespace: string;
      readonly name: string;
    }
  /** A variable of the build environment: `ARGOCD_APP_NAME`. */
  | { readonly ask: 'environment'; readonly name: string }
  /** A folder of another Git repository, as a kustomization names it. */
  | { readonly ask: 'folder'; readonly url: string }
  /** A file over HTTP. */
  | { readonly ask: 'file'; readonly url: string }
  /** A chart of a repository; an empty version asks for the newest. */
  | ({ readonly ask: 'chart' } & WantedChart);

/** A chart that another one, or a kustomization, needs. */
export interface WantedChart {
  /** `https://...`, `oci://...`, or `@name` of a repository that is configured under that name. */
  readonly repository: string;
  readonly name: string;
  /** A version or a range. */
  readonly version: string;
  readonly passCredentials?: boolean;
}

/** What the kinds of questions are answered with. */
export interface AnswerValues {
  /** The object as JSON has it; no fields when there is none. */
  readonly lookup: Readonly<Record<string, unknown>>;
  readonly environment: string;
  readonly folder: OutsideFolder;
  readonly file: Uint8Array;
  readonly chart: OutsideFolder;
}

export interface OutsideFolder {
  readonly tree: TreeRef;
  /** The folder in that tree. */
  readonly path: string;
}

export type Ask = Question['ask'];

/** An answer, and its identity: while that stays the same, so does what was rendered from it. */
export interface Answer<A extends Ask = Ask> {
  readonly id: string;
  readonly value: AnswerValues[A];
}

/** One question that was asked, and the identity of its answer. */
export interface Asked {
  readonly question: Question;
  readonly id: string;
}

/** Why a question has no answer, in words for the person who wrote the files. */
export class OutsideError extends Error {
  override readonly name = 'OutsideError';
}

/** Whoever knows the world: asked by the thread that started a render. Throws OutsideError. */
export interface Answers {
  answer(question: Question, signal: AbortSignal): Promise<Answer>;
}

/** A folder that is there to be read. */
export interface OpenFolder {
  readonly tree: FileTree;
  readonly path: string;
}

/** The world as renderers see it. What is absent is refused, or empty, as the tool at hand has it. Throws OutsideError. */
export interface Outside {
  /** Synchronous, because templates run so. */
  readonly lookup?: (apiVersion: string, kind: string, namespace: string, name: string) => AnswerValues['lookup'];
  /** A variable of the build environment; an empty text where there is none. */
  readonly environment?: (name: string) => string;
  readonly folder?: (url: string, signal: AbortSignal) => Promise<OpenFolder>;
  readonly file?: (url: string, signal: AbortSignal) => Promise<Uint8Array>;
  readonly chart?: (wanted: WantedChart, signal: AbortSignal) => Promise<OpenFolder>;
  /** Point on the clock of `performance.now()` after which templates stop; it may move. */
  readonly deadline?: () => number;
}

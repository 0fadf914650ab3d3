import type { TreeRef } from '../files/open-tree.js';
import type { TreeRead } from '../files/recording-tree.js';
import type { Asked } from '../outside.js';
import type { Rendered, RenderProblem, SourceOptions } from '../render.js';
import type { QuestionPort } from './question-port.js';

/** One render, as plain data that crosses to a worker thread. */
export interface RenderJob {
  readonly tree: TreeRef;
  readonly options: SourceOptions;
  /** Where to ask about the world outside the tree; absent, everything outside is empty or refused. */
  readonly questions?: QuestionPort;
  /** Time of `runningMs` at which templates stop by themselves and say where they were. */
  readonly stopAt: number;
}

/** Milliseconds on the one clock that all threads of a process share and that never jumps. */
export const runningMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** What a worker answers: problems are data, because an error's class does not cross threads. */
export interface RenderAnswer {
  readonly rendered?: Rendered;
  readonly problems?: readonly RenderProblem[];
  readonly reads: readonly TreeRead[];
  readonly asked: readonly Asked[];
}

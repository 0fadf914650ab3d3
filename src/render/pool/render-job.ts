import type { TreeRef } from '../files/open-tree.js';
import type { TreeRead } from '../files/recording-tree.js';
import type { Rendered, RenderProblem, SourceOptions } from '../render.js';

/** One render, as plain data that crosses to a worker thread. */
export interface RenderJob {
  readonly tree: TreeRef;
  readonly options: SourceOptions;
}

/** What a worker answers: problems are data, because an error's class does not cross threads. */
export interface RenderAnswer {
  readonly rendered?: Rendered;
  readonly problems?: readonly RenderProblem[];
  readonly reads: readonly TreeRead[];
}

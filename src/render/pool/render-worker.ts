import { OpenTrees } from '../files/open-tree.js';
import { RecordingTree } from '../files/recording-tree.js';
import { RenderError } from '../render.js';
import { renderSource } from '../render-source.js';
import type { RenderAnswer, RenderJob } from './render-job.js';

const trees = new OpenTrees();
const never = new AbortController().signal;

/** Runs one render in this thread. A render that must end is ended by ending the thread. */
export const runRenderJob = async ({ tree, options }: RenderJob): Promise<RenderAnswer> => {
  const recording = new RecordingTree(trees.open(tree));
  try {
    const rendered = await renderSource(recording, options, never);
    return { rendered, reads: recording.reads() };
  } catch (error) {
    if (!(error instanceof RenderError)) throw error;
    return { problems: error.problems, reads: recording.reads() };
  }
};

import { OpenTrees } from '../files/open-tree.js';
import { RecordingTree } from '../files/recording-tree.js';
import type { OpenFolder, Outside, OutsideFolder } from '../outside.js';
import { RenderError } from '../render.js';
import { renderSource } from '../render-source.js';
import { Asker } from './question-port.js';
import type { RenderAnswer, RenderJob } from './render-job.js';
import { runningMs } from './render-job.js';

const trees = new OpenTrees();
const never = new AbortController().signal;

/** Runs one render in this thread. A render that must end and does not by itself is ended by ending the thread. */
export const runRenderJob = async ({ tree, options, questions, stopAt }: RenderJob): Promise<RenderAnswer> => {
  const ownStop = stopAt - runningMs() + performance.now();
  const recording = new RecordingTree(trees.open(tree));
  const asker = questions === undefined ? undefined : new Asker(questions);
  const outside: Outside = {
    deadline: () => ownStop + (asker?.waitedMs ?? 0),
    ...(asker === undefined ? {} : outsideOf(asker)),
  };
  const past = (): Pick<RenderAnswer, 'reads' | 'asked'> => ({
    reads: recording.reads(),
    asked: asker?.asked() ?? [],
  });
  try {
    const rendered = await renderSource(recording, options, never, outside);
    return { rendered, ...past() };
  } catch (error) {
    if (!(error instanceof RenderError)) throw error;
    return { problems: error.problems, ...past() };
  } finally {
    questions?.port.close();
  }
};

const outsideOf = (asker: Asker): Outside => ({
  lookup: (apiVersion, kind, namespace, name) => asker.ask({ ask: 'lookup', apiVersion, kind, namespace, name }).value,
  environment: (name) => asker.ask({ ask: 'environment', name }).value,
  folder: async (url) => opened(asker.ask({ ask: 'folder', url }).value),
  file: async (url) => asker.ask({ ask: 'file', url }).value,
  chart: async (wanted) => opened(asker.ask({ ask: 'chart', ...wanted }).value),
});

const opened = ({ tree, path }: OutsideFolder): OpenFolder => ({ tree: trees.open(tree), path });

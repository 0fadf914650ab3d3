import { ChartError } from '../chart/chart-error.js';
import { matchesGlob } from '../chart/go-glob.js';
import { trimSpace } from '../functions/strings.js';
import type { RenderedChart } from '../render-chart.js';
import { splitManifests } from './split-manifests.js';

export interface OutputOptions {
  readonly includeCrds?: boolean;
  readonly noHooks?: boolean;
  readonly skipTests?: boolean;
  /** Only what comes from templates of these names or globs. */
  readonly showOnly?: readonly string[];
}

/** A document under its `# Source:` line. */
export const sourced = (name: string, content: string): string => `---\n# Source: ${name}\n${content}\n`;

/** The hooks that are shown. */
export const shownHooks = (rendered: RenderedChart, options: OutputOptions): RenderedChart['hooks'] => {
  if (options.noHooks === true) return [];
  return rendered.hooks.filter(({ events }) => options.skipTests !== true || !events.includes('test'));
};

/** What `helm template` prints. Throws ChartError when `showOnly` names a template that is not there. */
export const templateOutput = (rendered: RenderedChart, options: OutputOptions = {}): string => {
  const crds = options.includeCrds === true ? rendered.crds.map(({ name, content }) => sourced(name, content)) : [];
  const manifests = rendered.manifests.map(({ template, content }) => sourced(template, content));
  const hooks = shownHooks(rendered, options).map(({ template, content }) => sourced(template, content));
  const all = `${trimSpace([...crds, ...manifests].join(''))}\n${hooks.join('')}`;
  return options.showOnly === undefined || options.showOnly.length === 0 ? all : onlyFrom(all, options.showOnly);
};

const onlyFrom = (all: string, wanted: readonly string[]): string => {
  const documents = splitManifests(all).map(({ text }) => text);
  let out = '';
  for (const glob of wanted) {
    const matching = documents.filter((document) => {
      const name = /# Source: [^/\n]+\/([^\n]+)/.exec(document)?.[1];
      return name !== undefined && matchesGlob(glob, name);
    });
    if (matching.length === 0) throw new ChartError(`could not find template ${glob} in chart`);
    out += matching.map((document) => `---\n${document}\n`).join('');
  }
  return out;
};

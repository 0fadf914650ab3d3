import { appendFile, mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RenderedChart } from '../../render/helm/render-chart.js';
import { shownHooks, sourced } from '../../render/helm/release/template-output.js';
import { toBytes } from '../../render/helm/template/go-string.js';
import type { TemplateOptions } from './template-options.js';

/** Writes a file for each template, and answers what there is to print about it. */
export const writeOutputFolder = async (
  rendered: RenderedChart,
  release: string,
  folder: string,
  options: TemplateOptions,
): Promise<string> => {
  const target = options.releaseName === true ? join(folder, release) : folder;
  const written = new Set<string>();
  let remarks = '';
  const write = async (root: string, name: string, content: string, isAppended: boolean): Promise<void> => {
    const path = join(root, name);
    await mkdir(dirname(path), { recursive: true });
    const bytes = toBytes(sourced(name, content));
    if (isAppended) await appendFile(path, bytes);
    else await writeFile(path, bytes);
    remarks += `wrote ${root}/${name}\n`;
  };
  if (options.includeCrds === true) {
    for (const { name, content } of rendered.crds) {
      await write(folder, name, content, written.has(name));
      written.add(name);
    }
  }
  for (const { template, content } of rendered.manifests) {
    await write(target, template, content, written.has(template));
    written.add(template);
  }
  const hooks = shownHooks(rendered, { skipTests: options.skipTests === true, noHooks: !options.hooks });
  for (const { template, content } of hooks)
    await write(target, template, content, await exists(join(target, template)));
  return `${remarks}\n`;
};

const exists = async (path: string): Promise<boolean> => {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
};

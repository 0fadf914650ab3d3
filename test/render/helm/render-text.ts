import { FUNCTIONS } from '../../../src/render/helm/functions/function-table.js';
import { compileTemplates } from '../../../src/render/helm/template/compile.js';
import { DEFAULT_LIMITS, execute, type Limits, Run, TemplateSet } from '../../../src/render/helm/template/execution.js';
import { fromPlain } from '../../../src/render/helm/json/json-reader.js';
import type { Value } from '../../../src/render/helm/template/values.js';

/** Runs a template text on plain data. */
export const renderText = (text: string, data: unknown = {}, limits: Partial<Limits> = {}): string =>
  renderValue(text, fromPlain(data), limits);

export const renderValue = (text: string, data: Value, limits: Partial<Limits> = {}): string => {
  const set = new TemplateSet(FUNCTIONS);
  set.add(compileTemplates('t', text, FUNCTIONS));
  const template = set.get('t');
  if (template === undefined) return '';
  return execute(template, set, new Run({ ...DEFAULT_LIMITS, ...limits }, {}), data);
};

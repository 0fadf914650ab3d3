import { ChartError } from '../../render/helm/chart/chart-error.js';
import { FUNCTIONS } from '../../render/helm/functions/function-table.js';
import { compileTemplates } from '../../render/helm/template/compile.js';
import { GoError } from '../../render/helm/template/errors.js';
import { DEFAULT_LIMITS, execute, Run, TemplateSet } from '../../render/helm/template/execution.js';
import type { TemplateOptions } from './template-options.js';

/** `helm template` gives it even with `--generate-name`, where no name is given. */
const DEFAULT_NAME = 'release-name';

const fromTemplate = (text: string): string => {
  try {
    const [template] = compileTemplates('name-template', text, FUNCTIONS);
    if (template === undefined) return '';
    return execute(template, new TemplateSet(FUNCTIONS), new Run(DEFAULT_LIMITS, {}), null);
  } catch (error) {
    if (error instanceof GoError) throw new ChartError(error.message);
    throw error;
  }
};

/** The release's name and the chart, by Helm's rules. Throws ChartError. */
export const releaseNameAndChart = (
  args: readonly string[],
  { generateName, nameTemplate }: TemplateOptions,
): { readonly name: string; readonly chart: string } => {
  const [first, second] = args;
  if (first === undefined) throw new ChartError('"fairlead template" requires at least 1 argument');
  if (second !== undefined) {
    if (generateName === true) throw new ChartError('cannot set --generate-name and also specify a name');
    if (nameTemplate !== undefined) throw new ChartError('cannot set --name-template and also specify a name');
    return { name: first, chart: second };
  }
  if (nameTemplate !== undefined && nameTemplate !== '') return { name: fromTemplate(nameTemplate), chart: first };
  return { name: DEFAULT_NAME, chart: first };
};

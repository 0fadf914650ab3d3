import { stdout } from 'node:process';
import { Command } from 'commander';
import { createTwoFilesPatch } from 'diff';
import { stringify } from 'yaml';
import type { KubeObject } from '../../../objects/object.js';
import type { ConnectOptions } from '../../connect.js';
import { withClient, withConnection } from '../../connect.js';
import { EXIT } from '../../exit-statuses.js';
import { findApplication } from './application-argument.js';
import type { PredictedChange } from './predict-changes.js';

/** The values of a Secret as marks: equal values have equal marks, and nothing can be read from them. */
const maskSecrets = ({ live, predicted, name }: PredictedChange): PredictedChange => {
  const marks = new Map<unknown, string>();
  const markOf = (value: unknown): string => {
    const mark = marks.get(value) ?? `(hidden value ${marks.size + 1})`;
    marks.set(value, mark);
    return mark;
  };
  const mask = (object: KubeObject | undefined): KubeObject | undefined => {
    if (object === undefined || object.kind !== 'Secret' || object.apiVersion !== 'v1') return object;
    const hide = (values: unknown): unknown =>
      Object.fromEntries(Object.entries((values ?? {}) as object).map(([key, value]) => [key, markOf(value)]));
    return {
      ...object,
      ...(object['data'] !== undefined && { data: hide(object['data']) }),
      ...(object['stringData'] !== undefined && { stringData: hide(object['stringData']) }),
    };
  };
  return { name, live: mask(live), predicted: mask(predicted) };
};

const yamlOf = (object: KubeObject | undefined): string =>
  object === undefined ? '' : stringify(object, { sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false });

/** A unified diff of one object; empty when both sides are the same. */
export const changeText = (change: PredictedChange): string => {
  const { name, live, predicted } = maskSecrets(change);
  const [before, after] = [yamlOf(live), yamlOf(predicted)];
  return before === after ? '' : createTwoFilesPatch(`live ${name}`, `desired ${name}`, before, after);
};

export const diffCommand = (): Command =>
  withConnection(
    new Command('diff').description('Show what a sync would change; exit status 3 when there is something'),
  )
    .argument('<application>', 'NAME or NAMESPACE/NAME')
    .option('--revision <revision>', 'compare with this revision instead of the target revision')
    .action(async (argument: string, options: ConnectOptions & { revision?: string }) => {
      await withClient(options, async (client) => {
        const { predictChanges } = await import('./predict-changes.js');
        const application = await findApplication(client, argument);
        const text = (await predictChanges(client, application, options.revision)).map(changeText).join('');
        stdout.write(text);
        if (text !== '') process.exitCode = EXIT.different;
      });
    });

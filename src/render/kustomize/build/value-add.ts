import { KustomizeError } from '../errors.js';
import { decode, readConfig, type Shape } from '../kustomization/decode.js';
import { selectorShape } from '../kustomization/shapes.js';
import type { Loader } from '../load/loader.js';
import { fieldOrNew, isNull, Node, setScalar } from '../nodes/node.js';
import type { Selector } from '../resources/selector.js';
import { splitPath } from '../transform/field-spec.js';
import { setNamespaces } from '../transform/namespace.js';
import type { TransformerStep } from './steps.js';

export const valueTargetShape: Shape = {
  fields: { selector: selectorShape, fieldPath: 'string', filePathPosition: 'int' },
};

export interface ValueTarget {
  readonly selector?: Selector;
  readonly fieldPath?: string;
  readonly filePathPosition?: number;
}

interface ValueAddConfig {
  readonly value?: string;
  readonly targets?: readonly ValueTarget[];
  readonly targetFilePath?: string;
}

/** Sets one value in many fields, or puts it into the path that a field holds. */
export const valueAddStep = async (config: ValueAddConfig, loader: Loader): Promise<TransformerStep> => {
  const value = config.value?.trim() || (loader.root.split('/').at(-1) ?? '');
  const targets = [...(config.targets ?? [])];
  if (config.targetFilePath) {
    const shape: Shape = { fields: { targets: { list: valueTargetShape } } };
    const text = await loader.loadText(config.targetFilePath);
    const file = decode(readConfig(text), shape, { strict: false, coerce: true }) as ValueAddConfig | undefined;
    targets.push(...(file?.targets ?? []));
  }
  if (targets.length === 0) throw new KustomizeError('must specify at least one target');
  for (const { fieldPath, filePathPosition = 0 } of targets) {
    if (!fieldPath) throw new KustomizeError('fieldPath cannot be empty');
    if (filePathPosition < 0) {
      throw new KustomizeError(`value of FilePathPosition (${filePathPosition}) cannot be negative`);
    }
  }
  return {
    transform: (map) => {
      for (const { selector, fieldPath = '', filePathPosition = 0 } of targets) {
        for (const resource of selector === undefined ? map.resources : map.select(selector)) {
          if (fieldPath === 'metadata/namespace') setNamespaces(resource, { namespace: value, specs: [] });
          else setValue(resource.node, fieldPath, filePathPosition, value);
        }
        map.touch();
      }
    },
  };
};

const setValue = (root: Node, fieldPath: string, position: number, value: string): void => {
  const path = splitPath(fieldPath, '/');
  let node = root;
  for (const [at, name] of path.entries()) {
    if (node.kind !== 'map') throw new KustomizeError(`wrong node kind: ${fieldPath} leads through a ${node.kind}`);
    node = fieldOrNew(node, name, at === path.length - 1 ? 'scalar' : 'map');
  }
  if (!isNull(node) && node.kind !== 'scalar')
    throw new KustomizeError(`wrong node kind: ${fieldPath} is a ${node.kind}`);
  setScalar(node, Node.scalar(position > 0 ? insertPart(node.text, position - 1, value) : value));
};

/** Puts a part into a path; behind its end when the path is shorter. */
const insertPart = (path: string, position: number, part: string): string => {
  const isAbsolute = path.startsWith('/');
  const parts = path.split('/').filter((segment) => segment !== '');
  parts.splice(Math.min(position, parts.length), 0, part);
  return (isAbsolute ? '/' : '') + parts.join('/');
};

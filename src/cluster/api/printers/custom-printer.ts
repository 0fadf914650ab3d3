import { inKeyOrder } from '../../../objects/json.js';
import { writeJson } from '../../../objects/lossless-json.js';
import type { CustomResourceDefinitionVersion } from '../../../objects/kinds/apiextensions-k8s-io-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import { ageOf } from './age.js';
import { findByPath } from './json-path.js';
import type { Column, Printer } from './printer.js';

const NAME: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name must be unique within a namespace.',
  priority: 0,
};

type Declared = NonNullable<CustomResourceDefinitionVersion['additionalPrinterColumns']>;

const AGE: Declared[number] = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

/** Prints custom resources by the columns that their definition declares; name and age where it declares none. */
export const customPrinter = ({ additionalPrinterColumns }: CustomResourceDefinitionVersion): Printer => {
  const declared: Declared = (additionalPrinterColumns ?? []).length === 0 ? [AGE] : (additionalPrinterColumns ?? []);
  return {
    columns: [
      NAME,
      ...declared.map(({ name, type, format = '', description = '', priority = 0, jsonPath }) => ({
        name,
        type,
        format,
        description:
          description === '' ? `Custom resource definition column (in JSONPath format): ${jsonPath}` : description,
        priority,
      })),
    ],
    cells: (object, now) => [
      object.metadata.name,
      ...declared.map(({ type, jsonPath }) => cellOf(object, type, jsonPath, now)),
    ],
  };
};

const cellOf = (object: KubeObject, type: string, path: string, now: number): unknown => {
  const found = findByPath(object, path);
  // One value is expected: what else a path finds is passed over.
  const [value] = found;
  if (found.length === 0 || value === undefined) return null;
  if (value === null) return type === 'string' ? '<no value>' : null;
  switch (type) {
    case 'integer':
      return typeof value === 'bigint' ? value : typeof value === 'number' ? integerOf(value) : null;
    case 'number':
      return typeof value === 'number' || typeof value === 'bigint' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return typeof value === 'string' ? dateOf(value, now) : null;
    default:
      return typeof value === 'string' ? value : writeJson(inKeyOrder(value));
  }
};

/** The integer part of a number; what 64 bits cannot hold is the least integer, as Go has it. */
const integerOf = (value: number): number | bigint => (Math.abs(value) < 2 ** 63 ? Math.trunc(value) : -(2n ** 63n));

const dateOf = (text: string, now: number): string => (Number.isNaN(Date.parse(text)) ? '<invalid>' : ageOf(text, now));

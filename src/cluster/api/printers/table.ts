import type { KubeObject } from '../../../objects/object.js';
import type { Item } from '../operations/machinery.js';
import type { ServedResource } from '../request.js';
import { badRequest } from '../status-errors.js';
import { createdPrinter } from './core.js';
import { customPrinter } from './custom-printer.js';
import { PRINTERS } from './printer-table.js';
import type { Printer } from './printer.js';
import { scalePrinter } from './workloads.js';

export interface TableOptions {
  /** `None`, `Metadata` (the default) or `Object`: what each row carries beside its cells. */
  readonly includeObject?: string;
  /** True for the later frames of a watch. */
  readonly withoutColumns?: boolean;
}

const INCLUDED = new Set(['', 'None', 'Metadata', 'Object']);

/** What rows carry must be one of what there is. Throws BadRequest. */
const checkIncluded = (include: string): void => {
  if (INCLUDED.has(include)) return;
  const why = `includeObject: Invalid value: ${JSON.stringify(include)}: must be 'Metadata', 'Object', 'None', or empty`;
  throw badRequest(`Unable to convert to Table as requested: ${why}`);
};

/** How the objects of a resource are printed. */
export const printerOf = (resource: ServedResource): Printer =>
  resource.definitionVersion === undefined
    ? (PRINTERS[`${resource.apiVersion}/${resource.kind}`] ?? createdPrinter)
    : customPrinter(resource.definitionVersion);

const SCALE = 'autoscaling/v1/Scale';

const kindOf = ({ apiVersion, kind }: KubeObject): string => `${apiVersion}/${kind}`;

/** Whether an answer about a resource can be a Table: the resource's own objects, and the scale of one. */
export const isPrintable = (resource: ServedResource, object: KubeObject): boolean =>
  object.kind === resource.kind || kindOf(object) === SCALE;

/** Objects as a `meta.k8s.io` Table, with the columns that kubectl prints. */
export const tableOf = (
  resource: ServedResource,
  items: readonly Item[],
  metadata: Readonly<Record<string, unknown>>,
  version: string,
  { includeObject, withoutColumns }: TableOptions,
): unknown => {
  checkIncluded(includeObject ?? '');
  const [first] = items;
  const printer = first !== undefined && kindOf(first.object) === SCALE ? scalePrinter : printerOf(resource);
  const { columns } = printer;
  const now = Date.now();
  const { order } = printer;
  const ordered = order === undefined ? items : items.toSorted((a, b) => order(a.object, b.object));
  const rows = ordered.map((item) => {
    const finished = printer.conditions?.(item.object);
    return {
      cells: isBookmark(item) ? columns.map(() => null) : printer.cells(item.object, now),
      ...(finished === undefined ? {} : { conditions: finished }),
      ...rowObject(item, includeObject ?? '', version),
    };
  });
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${version}`,
    metadata,
    columnDefinitions: withoutColumns === true ? null : columns,
    rows,
  };
};

/** A bookmark of a watch has no name, and nothing to print. */
const isBookmark = ({ object }: Item): boolean => (object.metadata.name ?? '') === '';

const rowObject = ({ object }: Item, include: string, version: string): { object?: unknown } => {
  if (include === 'None') return { object: null };
  if (include === 'Object') return { object };
  return { object: { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata } };
};

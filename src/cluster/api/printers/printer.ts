import type { LabelSelectorObject } from '../../../objects/selectors/label-selector.js';
import type { KubeObject } from '../../../objects/object.js';

/** One column of a Table. */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  /** Above 0: for `-o wide` only. */
  readonly priority: number;
}

/** How the objects of one kind are printed: a cell for each column, the name in the first unless said otherwise. */
export interface Printer {
  readonly columns: readonly Column[];
  cells(object: KubeObject, now: number): readonly unknown[];
  /** The order of rows, where it is not that of the list. */
  readonly order?: (a: KubeObject, b: KubeObject) => number;
  /** Of rows that are finished, as kubectl greys them out. */
  conditions?(object: KubeObject): readonly Readonly<Record<string, string>>[] | undefined;
}

const describe = (name: string): string =>
  name === 'Name'
    ? 'Name must be unique within a namespace.'
    : name === 'Age'
      ? 'CreationTimestamp is the time at which this object was created.'
      : `${name} of the object.`;

/**
 * Columns from their names: `Restarts:integer` has a type, `Attacher::name` a format, a `+` in front makes it wide
 * only. `Name` has the format by which kubectl finds it.
 */
export const columns = (...names: string[]): readonly Column[] =>
  names.map((text) => {
    const wide = text.startsWith('+');
    const [name = '', type = '', format = name === 'Name' ? 'name' : ''] = (wide ? text.slice(1) : text).split(':');
    return { name, type: type === '' ? 'string' : type, format, description: describe(name), priority: wide ? 1 : 0 };
  });

/** A printer whose cells are computed from an object of a known kind. */
export const printer = <T extends KubeObject>(
  names: readonly string[],
  cells: (object: T, now: number) => readonly unknown[],
  conditions?: (object: T) => readonly Readonly<Record<string, string>>[] | undefined,
): Printer => ({
  columns: columns(...names),
  cells: cells as Printer['cells'],
  ...(conditions === undefined ? {} : { conditions: conditions as NonNullable<Printer['conditions']> }),
});

export const NONE = '<none>';
export const UNSET = '<unset>';

export const orNone = (text: string | undefined | null): string =>
  text === undefined || text === null || text === '' ? NONE : text;

/** Labels as `a=1,b=2`. */
export const labelsText = (labels: Readonly<Record<string, string>> | undefined): string =>
  orNone(
    Object.keys(labels ?? {})
      .sort()
      .map((key) => `${key}=${labels?.[key] ?? ''}`)
      .join(','),
  );

const OPERATORS: Readonly<Record<string, (key: string, values: string) => string>> = {
  In: (key, values) => `${key} in (${values})`,
  NotIn: (key, values) => `${key} notin (${values})`,
  Exists: (key) => key,
  DoesNotExist: (key) => `!${key}`,
};

/** A selector as kubectl prints it: `<none>` for one that selects everything. */
export const selectorText = (selector: LabelSelectorObject | undefined): string => {
  const labels = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => [key, `${key}=${value}`] as const);
  const expressions = (selector?.matchExpressions ?? []).map(
    ({ key, operator, values = [] }) =>
      [key, OPERATORS[operator]?.(key, values.toSorted().join(',')) ?? `${key} ${operator}`] as const,
  );
  const terms = [...labels, ...expressions].toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)));
  return orNone(terms.map(([, text]) => text).join(','));
};

interface ContainerShape {
  readonly name: string;
  readonly image?: string;
}

/** Names and images of containers, each joined by commas. */
export const containerCells = (containers: readonly ContainerShape[] | undefined): readonly [string, string] => [
  (containers ?? []).map(({ name }) => name).join(','),
  (containers ?? []).map(({ image }) => image ?? '').join(','),
];

/** A number, with 0 for none. */
export const count = (value: number | undefined): number => value ?? 0;

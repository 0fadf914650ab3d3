import { GoError, limitError } from '../template/errors.js';
import { compareStrings } from '../template/go-string.js';
import { int, kindName, nilSlice, sliceItems, strings, TypedSlice, type Value } from '../template/values.js';
import { isEmpty, toInt64, toText, toTexts } from './cast.js';
import { deepEqual } from './deep-equal.js';
import { type Definition, type Family, fn, variadic } from './define.js';

const MAX_ITEMS = 2_000_000;

/** The elements of a list, or sprig's complaint about what it was given. */
const itemsOf = (value: Value, complaint: string): readonly Value[] => {
  const items = sliceItems(value);
  if (items !== undefined) return items;
  // reflect.TypeOf(nil) has no Kind.
  if (value === null || value === undefined)
    throw new GoError('runtime error: invalid memory address or nil pointer dereference');
  throw new GoError(`${complaint} ${kindName(value)}`);
};

const onList = (verb: string, change: (items: readonly Value[]) => Value): Definition =>
  fn(['any'], (list) => change(itemsOf(list, `Cannot ${verb} type`)));

const isInList = (items: readonly Value[], value: Value): boolean => items.some((item) => deepEqual(value, item));

const uniq = (items: readonly Value[]): Value[] => {
  const kept: Value[] = [];
  for (const item of items) if (!isInList(kept, item)) kept.push(item);
  return kept;
};

const chunk = (size: number, items: readonly Value[]): Value => {
  if (size < 0 && Math.floor((items.length - 1) / size) + 1 === 0) return new TypedSlice('[]interface {}', []);
  // The rest of one item divided by a negative size is that item.
  if (items.length === 1 && size < -1) return new TypedSlice('[]interface {}', [[...items]]);
  if (size <= 0) throw new GoError('runtime error: makeslice: len out of range');
  const chunks: Value[] = [];
  for (let at = 0; at < items.length; at += size) chunks.push(items.slice(at, at + size));
  return new TypedSlice('[]interface {}', chunks);
};

const slice = (list: Value, indices: readonly Value[]): Value => {
  const items = itemsOf(list, 'list should be type of slice or array but');
  if (items.length === 0) return null;
  const start = indices.length > 0 ? Number(toInt64(indices[0])) : 0;
  const end = indices.length > 1 ? Number(toInt64(indices[1])) : items.length;
  if (start < 0 || end > items.length || start > end)
    throw new GoError('reflect.Value.Slice: slice index out of bounds');
  const part = items.slice(start, end);
  return list instanceof TypedSlice ? new TypedSlice(list.element, part) : part;
};

const concat = (lists: readonly Value[]): Value => {
  const all = lists.flatMap((list) => {
    const items = sliceItems(list);
    if (items !== undefined) return items;
    if (list === null || list === undefined)
      throw new GoError('runtime error: invalid memory address or nil pointer dereference');
    throw new GoError(`Cannot concat type ${kindName(list)} as list`);
  });
  return all.length === 0 ? nilSlice(all) : all;
};

const has = (needle: Value, list: Value): boolean =>
  list !== null && list !== undefined && isInList(itemsOf(list, 'Cannot find has on type'), needle);

const ints = (start: number, stop: number, step: number): Value[] => {
  const items: Value[] = [];
  if (stop < start ? step >= 0 : step <= 0) return items;
  if ((stop - start) / step > MAX_ITEMS) throw limitError(`a list of more than ${MAX_ITEMS} numbers`);
  for (let i = start; stop < start ? i > stop : i < stop; i += step) items.push(int(i));
  return items;
};

const intSlice = (items: Value[]): Value => new TypedSlice('int', items);

const joinNumbers = (items: readonly Value[]): string => items.map(toText).join(' ');

const seq = (params: readonly number[]): string => {
  const [first = 0, second = 0, third = 0] = params;
  switch (params.length) {
    case 1: {
      const step = first < 1 ? -1 : 1;
      return joinNumbers(ints(1, first + step, step));
    }
    case 2: {
      const step = second < first ? -1 : 1;
      return joinNumbers(ints(first, second + step, step));
    }
    case 3: {
      const isDown = third < first;
      if (isDown && second > 0) return '';
      return joinNumbers(ints(first, third + (isDown ? -1 : 1), second));
    }
    default:
      return '';
  }
};

const sortAlpha = (list: Value): Value =>
  sliceItems(list) === undefined ? strings([toText(list)]) : strings([...toTexts(list)].sort(compareStrings));

const push = fn(['any', 'any'], (list, value) => [...itemsOf(list, 'Cannot push on type'), value]);
const prepend = fn(['any', 'any'], (list, value) => [value, ...itemsOf(list, 'Cannot prepend on type')]);
const first = onList('find first on', (items) => items[0]);
const last = onList('find last on', (items) => items.at(-1));
const rest = onList('find rest on', (items) => (items.length === 0 ? nilSlice([]) : items.slice(1)));
const initial = onList('find initial on', (items) => (items.length === 0 ? nilSlice([]) : items.slice(0, -1)));
const reverse = onList('find reverse on', (items) => items.toReversed());
const compact = onList('compact on', (items) => items.filter((item) => !isEmpty(item)));
const uniqList = onList('find uniq on', uniq);
const without = variadic(['any'], 'any', (list, left) =>
  itemsOf(list, 'Cannot find without on type').filter((item) => !isInList(left, item)),
);
const chunkList = fn(['int', 'any'], (size, list) => chunk(size.toNumber(), itemsOf(list, 'Cannot chunk type')));
const list = variadic([], 'any', (items: Value[]) => items);

/** Sprig's functions on lists: none changes the list that it is given. */
export const lists: Family = {
  list,
  tuple: list,
  append: push,
  push,
  mustAppend: push,
  mustPush: push,
  prepend,
  mustPrepend: prepend,
  first,
  mustFirst: first,
  last,
  mustLast: last,
  rest,
  mustRest: rest,
  initial,
  mustInitial: initial,
  reverse,
  mustReverse: reverse,
  compact,
  mustCompact: compact,
  uniq: uniqList,
  mustUniq: uniqList,
  without,
  mustWithout: without,
  has: fn(['any', 'any'], has),
  mustHas: fn(['any', 'any'], has),
  slice: variadic(['any'], 'any', slice),
  mustSlice: variadic(['any'], 'any', slice),
  concat: variadic([], 'any', concat),
  chunk: chunkList,
  mustChunk: chunkList,
  until: fn(['int'], (count) => intSlice(ints(0, count.toNumber(), count.toNumber() < 0 ? -1 : 1))),
  untilStep: fn(['int', 'int', 'int'], (start, stop, step) =>
    intSlice(ints(start.toNumber(), stop.toNumber(), step.toNumber())),
  ),
  seq: variadic([], 'int', (params) => seq(params.map((param) => param.toNumber()))),
  sortAlpha: fn(['any'], sortAlpha),
  toStrings: fn(['any'], (value) => strings(toTexts(value))),
  join: fn(['string', 'any'], (separator, value) => toTexts(value).join(separator)),
};

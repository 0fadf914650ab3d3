import type { Stored, StoreEvent } from '../../store/store.js';
import type { ServedResource, Target } from '../request.js';
import type { Item, Machinery } from './machinery.js';
import { servedItem } from './read.js';
import type { Selection } from './selection.js';

export interface ObjectFrame {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly item: Item;
  /** True when all watches that tell of the event have this very frame, so that it pays to keep how it is written. */
  readonly shared: boolean;
}

export type WatchFrame =
  | ObjectFrame
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string; readonly initialEventsEnd: boolean };

/** What watches have made of an event: it is kept for as long as one of them still has to tell it. */
interface Told {
  readonly item: Item;
  readonly previous: Item | undefined;
  readonly frames: Map<string, ObjectFrame>;
}

const made = new WeakMap<StoreEvent, Map<ServedResource, Told | Promise<Told>>>();

/** What an event means to a watch with a selection: objects enter and leave it as they change. */
export const frameOf = (
  machinery: Machinery,
  target: Target,
  selection: Selection,
  event: StoreEvent,
): ObjectFrame | undefined | Promise<ObjectFrame | undefined> => {
  const told = toldOf(machinery, target, event);
  return told instanceof Promise
    ? told.then((ready) => transition(selection, event, ready))
    : transition(selection, event, told);
};

const toldOf = (machinery: Machinery, target: Target, event: StoreEvent): Told | Promise<Told> => {
  const forms = made.get(event) ?? new Map<ServedResource, Told | Promise<Told>>();
  if (forms.size === 0) made.set(event, forms);
  const known = forms.get(target.resource);
  if (known !== undefined) return known;
  const item = servedItem(machinery, target, event.stored);
  const previous = event.previous === undefined ? undefined : servedItem(machinery, target, event.previous);
  const told =
    item instanceof Promise || previous instanceof Promise
      ? Promise.all([item, previous]).then(([now, before]) => ({ item: now, previous: before, frames: new Map() }))
      : { item, previous, frames: new Map<string, ObjectFrame>() };
  forms.set(target.resource, told);
  return told;
};

const transition = (
  selection: Selection,
  { type, stored }: StoreEvent,
  { item, previous, frames }: Told,
): ObjectFrame | undefined => {
  if (selection.everything) return sharedFrame(frames, FRAME_TYPES[type], () => item);
  const was = previous !== undefined && selection.matches(previous.object);
  const is = type !== 'removed' && selection.matches(item.object);
  if (is) return sharedFrame(frames, was ? 'MODIFIED' : 'ADDED', () => item);
  if (!was) return undefined;
  if (type === 'removed') return sharedFrame(frames, 'DELETED', () => item);
  return sharedFrame(frames, 'DELETED', () => atVersion(previous, stored));
};

const sharedFrame = (frames: Map<string, ObjectFrame>, type: ObjectFrame['type'], item: () => Item): ObjectFrame => {
  const known = frames.get(type);
  if (known !== undefined) return known;
  const frame = { type, item: item(), shared: true };
  frames.set(type, frame);
  return frame;
};

const FRAME_TYPES = { created: 'ADDED', replaced: 'MODIFIED', removed: 'DELETED' } as const;

/** The last state that the selection saw, with the version of the change that took it out. */
const atVersion = ({ object }: Item, { revision }: Stored): Item => ({
  object: { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } },
});

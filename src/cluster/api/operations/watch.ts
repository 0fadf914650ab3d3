import { StoreError, type Stored, type Subscription } from '../../store/store.js';
import type { RequestContext, Target } from '../request.js';
import { expired, fromStore } from '../status-errors.js';
import { collectionPrefix } from '../storage-keys.js';
import type { Machinery } from './machinery.js';
import { remindWhenQuiet } from './quiet-watches.js';
import { servedItem } from './read.js';
import { checkWatchMatch, parseVersion, reachVersion, type VersionParameters } from './resource-versions.js';
import { parseSelection, type Selection } from './selection.js';
import { frameOf, type ObjectFrame, type WatchFrame } from './watch-frames.js';

export interface WatchParameters extends VersionParameters {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly sendInitialEvents?: boolean;
  readonly allowWatchBookmarks?: boolean;
}

type Frames = readonly WatchFrame[];

/** The changes of a collection, taken in batches. */
export interface ObjectWatch {
  /** Who is called when there may be something to take. Ask once before the first call. */
  onReady: () => void;
  /**
   * The next frames, in order; none when nothing has happened since. A promise only where a webhook converts. Fails with
   * `Expired` when the store no longer has the events: the client must list again.
   */
  take(): Frames | Promise<Frames>;
  /** Adds a bookmark to the next frames, for clients that take bookmarks. */
  remind(): void;
  close(): void;
}

/** Objects of the state at the start that are taken at once. */
const STATE_BATCH = 500;
const NOTHING: Frames = [];
const doNothing = (): void => undefined;

/** The changes of a collection from the version asked for. Resolves when the parameters are good. */
export const watchObjects = async (
  machinery: Machinery,
  context: RequestContext,
  target: Target,
  parameters: WatchParameters,
): Promise<ObjectWatch> => {
  checkWatchMatch(parameters);
  const selection = parseSelection(target, parameters);
  const version = parseVersion(parameters.resourceVersion);
  if (version !== undefined && version > 0) await reachVersion(machinery, version, context.signal);
  return new StoreWatch(machinery, target, selection, parameters, version);
};

/** Without a version, or with 0, a watch begins with the state there is; `sendInitialEvents` overrules. */
const startsWithState = ({ sendInitialEvents }: WatchParameters, version: number | undefined): boolean =>
  sendInitialEvents ?? (version === undefined || version === 0);

class StoreWatch implements ObjectWatch {
  onReady = doNothing;
  lastSent = performance.now();
  readonly #withBookmarks: boolean;
  /** What is left of the state at the start. */
  #state: readonly Stored[] | undefined;
  #stateAt = 0;
  #marksStateEnd = false;
  #from: number;
  #subscription: Subscription | undefined;
  #isMarkDue = false;
  #forget: (() => void) | undefined;

  constructor(
    private readonly machinery: Machinery,
    private readonly target: Target,
    private readonly selection: Selection,
    parameters: WatchParameters,
    version: number | undefined,
  ) {
    this.#withBookmarks = parameters.allowWatchBookmarks === true;
    this.#from = version ?? 0;
    if (startsWithState(parameters, version)) {
      const { items, revision } = machinery.store.list(collectionPrefix(target));
      this.#state = items;
      this.#from = revision;
      this.#marksStateEnd = parameters.sendInitialEvents === true && this.#withBookmarks;
    } else if (parameters.sendInitialEvents === false && (version ?? 0) === 0) {
      this.#from = machinery.store.revision;
    }
    if (this.#withBookmarks) this.#forget = remindWhenQuiet(this);
  }

  take(): Frames | Promise<Frames> {
    const frames = this.#state === undefined ? this.#takeEvents() : this.#takeState(this.#state);
    if (frames instanceof Promise || frames.length > 0) this.lastSent = performance.now();
    return frames;
  }

  remind(): void {
    if (!this.#withBookmarks) return;
    this.#isMarkDue = true;
    this.onReady();
  }

  close(): void {
    this.#forget?.();
    this.#subscription?.end();
  }

  #takeState(state: readonly Stored[]): Frames | Promise<Frames> {
    const { machinery, target, selection } = this;
    const pending: (ObjectFrame | Promise<ObjectFrame>)[] = [];
    let at = this.#stateAt;
    for (; at < state.length && pending.length < STATE_BATCH; at += 1) {
      const item = servedItem(machinery, target, state[at] as Stored);
      if (item instanceof Promise) pending.push(item.then((ready) => ({ type: 'ADDED', item: ready, shared: false })));
      else if (selection.matches(item.object)) pending.push({ type: 'ADDED', item, shared: false });
    }
    this.#stateAt = at;
    const end: WatchFrame[] = [];
    if (at >= state.length) {
      this.#state = undefined;
      if (this.#marksStateEnd)
        end.push({ type: 'BOOKMARK', resourceVersion: String(this.#from), initialEventsEnd: true });
    }
    const ready = settled(pending);
    if (ready instanceof Promise) {
      return ready.then((frames) => [...frames.filter(({ item }) => selection.matches(item.object)), ...end]);
    }
    const frames = end.length === 0 ? ready : [...ready, ...end];
    return frames.length === 0 ? this.take() : frames;
  }

  #takeEvents(): Frames | Promise<Frames> {
    const { machinery, target, selection } = this;
    try {
      this.#subscription ??= machinery.store.subscribe(collectionPrefix(target), this.#from, () => this.onReady());
      const events = this.#subscription.take();
      const mark = this.#takeMark();
      if (events.length === 0) return mark;
      const frames = settled(
        events.map((event) => frameOf(machinery, target, selection, event)).filter((frame) => frame !== undefined),
      );
      if (frames instanceof Promise)
        return frames.then((ready) => [...ready.filter((each) => each !== undefined), ...mark]);
      const ready = frames.filter((each) => each !== undefined);
      return mark.length === 0 ? ready : [...ready, ...mark];
    } catch (error) {
      throw watchError(error, this.#from);
    }
  }

  /** Everything up to the store's revision has been taken with it: events wait from the moment that they are visible. */
  #takeMark(): Frames {
    if (!this.#isMarkDue) return NOTHING;
    this.#isMarkDue = false;
    return [{ type: 'BOOKMARK', resourceVersion: String(this.machinery.store.revision), initialEventsEnd: false }];
  }
}

const settled = <T>(values: readonly (T | Promise<T>)[]): readonly T[] | Promise<readonly T[]> =>
  values.some((value) => value instanceof Promise) ? Promise.all(values) : (values as readonly T[]);

const watchError = (error: unknown, from: number): unknown => {
  if (!(error instanceof StoreError)) return error;
  if (error.code === 'expired') return expired(`too old resource version: ${from}`);
  if (error.code === 'slow') return expired('the watch is too far behind; list again');
  return fromStore(error);
};

/** The frames of a watch one by one, until the signal fires; the watch is closed with the generator. */
export async function* framesOf(watch: ObjectWatch, signal: AbortSignal): AsyncGenerator<WatchFrame, void, undefined> {
  let wake = doNothing;
  const tell = (): void => wake();
  watch.onReady = tell;
  signal.addEventListener('abort', tell, { once: true });
  try {
    while (!signal.aborted) {
      const ready = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const taken = watch.take();
      const frames = taken instanceof Promise ? await taken : taken;
      for (const frame of frames) {
        yield frame;
        if (signal.aborted) return;
      }
      if (frames.length === 0) await ready;
    }
  } finally {
    signal.removeEventListener('abort', tell);
    watch.close();
  }
}

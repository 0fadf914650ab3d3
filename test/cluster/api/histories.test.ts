import assert from 'node:assert/strict';
import fc from 'fast-check';
import pino from 'pino';
import { ApiError } from '../../../src/objects/api-error.js';
import { ConfigMap } from '../../../src/objects/kinds/core-v1.js';
import { createApi } from '../../../src/cluster/api/api.js';
import type { Client } from '../../../src/cluster/client/client.js';
import { createMemoryStore } from '../../../src/cluster/store/memory-store.js';
import type { Store, StoreEvent } from '../../../src/cluster/store/store.js';

/** How many histories are tried; 10,000 take half a minute. */
const HISTORIES = Number(process.env['HISTORIES'] ?? 200);

const NAMES = ['a', 'b', 'c'];
const PREFIX = '/registry/core/configmaps/default/';

type Operation =
  | { readonly type: 'create' | 'overwrite' | 'patch' | 'delete' | 'get'; readonly name: string }
  /** With the version that this client saw last. */
  | { readonly type: 'update' | 'deleteSeen'; readonly name: string }
  | { readonly type: 'list'; readonly name: string };

const operation: fc.Arbitrary<Operation> = fc.record({
  type: fc.constantFrom('create', 'overwrite', 'patch', 'delete', 'get', 'update', 'deleteSeen', 'list'),
  name: fc.constantFrom(...NAMES),
});

/** What an operation was, when it ran, and what came of it. */
interface Done {
  readonly operation: Operation;
  /** Revisions of the store when it began and when it ended. */
  readonly from: number;
  readonly to: number;
  readonly seen: string | undefined;
  readonly reason?: string;
  readonly object?: ConfigMap | undefined;
  readonly list?: readonly ConfigMap[];
}

const configMap = (name: string, value: string, resourceVersion?: string): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default', ...(resourceVersion === undefined ? {} : { resourceVersion }) },
  data: { value },
});

/** Values never repeat, so that every write changes something. */
let counter = 0;
const nextValue = (): string => {
  counter += 1;
  return String(counter);
};

const perform = async (client: Client, { type, name }: Operation, seen: string | undefined): Promise<Partial<Done>> => {
  const key = { namespace: 'default', name };
  switch (type) {
    case 'create':
      return { object: await client.create(configMap(name, nextValue())) };
    case 'overwrite':
      return { object: await client.update(configMap(name, nextValue())) };
    case 'update':
      return { object: await client.update(configMap(name, nextValue(), seen ?? '1')) };
    case 'patch':
      return { object: await client.patch(ConfigMap, key, { type: 'merge', body: { data: { value: nextValue() } } }) };
    case 'delete':
      return { object: await client.delete(ConfigMap, key) };
    case 'deleteSeen':
      return { object: await client.delete(ConfigMap, key, { preconditions: { resourceVersion: seen ?? '1' } }) };
    case 'list':
      return { list: (await client.list(ConfigMap, { namespace: 'default' })).items };
    default:
      return { object: await client.get(ConfigMap, key) };
  }
};

const runClient = async (client: Client, store: Store, operations: readonly Operation[]): Promise<Done[]> => {
  const history: Done[] = [];
  const versions = new Map<string, string>();
  for (const operation of operations) {
    const from = store.revision;
    const seen = versions.get(operation.name);
    const result = await perform(client, operation, seen).catch((error: unknown) => {
      assert.ok(error instanceof ApiError, String(error));
      return { reason: error.reason };
    });
    const done: Done = { operation, from, to: store.revision, seen, ...result };
    if (done.object !== undefined) versions.set(operation.name, done.object.metadata.resourceVersion ?? '');
    history.push(done);
  }
  return history;
};

/** The version of each object after each revision, from the events of the store. */
class Timeline {
  constructor(private readonly events: readonly StoreEvent[]) {}

  /** The version that a name had when the store was at a revision; undefined when it was not there. */
  at(name: string, revision: number): string | undefined {
    const last = this.events.findLast((event) => event.revision <= revision && event.stored.key === PREFIX + name);
    return last === undefined || last.type === 'removed' ? undefined : String(last.revision);
  }

  wrote(revision: number, name: string): StoreEvent | undefined {
    return this.events.find((event) => event.revision === revision && event.stored.key === PREFIX + name);
  }
}

/** True when some moment between the begin and the end of an operation explains its result. */
const isExplained = (timeline: Timeline, done: Done): boolean => {
  const { operation, from, to, seen, reason, object, list } = done;
  const { type, name } = operation;
  const moments = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  const someMoment = (holds: (version: string | undefined) => boolean): boolean =>
    moments.some((revision) => holds(timeline.at(name, revision)));
  if (reason === 'AlreadyExists') return type === 'create' && someMoment((version) => version !== undefined);
  if (reason === 'NotFound') return someMoment((version) => version === undefined);
  if (reason === 'Conflict') return someMoment((version) => version !== (seen ?? '1'));
  if (reason !== undefined) return false;
  if (list !== undefined) {
    const versions = new Map(list.map(({ metadata }) => [metadata.name, metadata.resourceVersion]));
    return moments.some((revision) => NAMES.every((each) => timeline.at(each, revision) === versions.get(each)));
  }
  const version = object?.metadata.resourceVersion;
  if (type === 'get' || object === undefined) return someMoment((each) => each === version);
  const event = timeline.wrote(Number(version), name);
  const isWithin = Number(version) > from && Number(version) <= to;
  const before = event?.previous === undefined ? undefined : String(event.previous.revision);
  const follows = type !== 'update' && type !== 'deleteSeen' ? true : before === (seen ?? '1');
  return event !== undefined && isWithin && follows;
};

const historyOf = async (programs: readonly (readonly Operation[])[]): Promise<void> => {
  const store = createMemoryStore();
  const api = createApi({ store, log: pino({ level: 'silent' }) });
  const stop = new AbortController();
  await api.client().create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } });
  const start = store.revision;
  const replay = new Map<string, ConfigMap>();
  const watching = (async () => {
    for await (const event of api.client().watch(ConfigMap, { namespace: 'default' }, stop.signal)) {
      if (event.type === 'bookmark') continue;
      if (event.type === 'deleted') replay.delete(event.object.metadata.name);
      else replay.set(event.object.metadata.name, event.object);
    }
  })();
  const histories = await Promise.all(programs.map((program) => runClient(api.client(), store, program)));
  const end = store.revision;
  const events: StoreEvent[] = [];
  const reading = new AbortController();
  if (end > start) {
    for await (const event of store.watch('', start, reading.signal)) {
      events.push(event);
      if (event.revision >= end) break;
    }
  }
  await new Promise(setImmediate);
  stop.abort();
  await watching;
  const timeline = new Timeline(events);
  for (const done of histories.flat()) assert.ok(isExplained(timeline, done), JSON.stringify(done));
  const { items } = await api.client().list(ConfigMap, { namespace: 'default' });
  const replayed = [...replay.values()].toSorted((left, right) => (left.metadata.name < right.metadata.name ? -1 : 1));
  assert.deepEqual(replayed, items);
};

describe('histories of concurrent requests', function () {
  this.timeout(300_000 + HISTORIES * 100);

  it('are linearizable, and a replayed watch equals the list', async () => {
    const programs = fc.array(fc.array(operation, { maxLength: 8 }), { minLength: 1, maxLength: 3 });
    await fc.assert(fc.asyncProperty(programs, historyOf), { numRuns: HISTORIES });
  });
});

import type { Client } from '../../src/cluster/client/client.js';
import type { Informer, InformerEvent, InformerSet } from '../../src/cluster/client/informer.js';
import type { KindOf } from '../../src/objects/kind.js';
import type { KubeObject, ObjectKey } from '../../src/objects/object.js';
import { keyText } from '../../src/objects/object.js';

/** Objects in memory, with the parts of Client and InformerSet that runtimes read and write through. */
export class ClusterStub {
  readonly #objects = new Map<string, KubeObject>();
  readonly #handlers = new Map<string, ((event: InformerEvent<KubeObject>) => void)[]>();
  /** Answers of `subresource`, set by the test. */
  onSubresource: (name: string, key: ObjectKey, body: KubeObject) => KubeObject = () => {
    throw new Error('no subresource here');
  };

  put(object: KubeObject): void {
    const id = idOf(object.kind, object.metadata);
    const previous = this.#objects.get(id);
    this.#objects.set(id, object);
    const type = previous === undefined ? 'added' : 'modified';
    for (const handler of this.#handlers.get(object.kind) ?? []) {
      handler({ type, object, ...(previous === undefined ? {} : { previous }) });
    }
  }

  remove(object: KubeObject): void {
    this.#objects.delete(idOf(object.kind, object.metadata));
    for (const handler of this.#handlers.get(object.kind) ?? []) handler({ type: 'deleted', object });
  }

  get<T extends KubeObject>(kind: KindOf<T>, key: ObjectKey): T | undefined {
    return this.#objects.get(idOf(kind.kind, key)) as T | undefined;
  }

  readonly client = {
    get: <T extends KubeObject>(kind: KindOf<T>, key: ObjectKey) => Promise.resolve(this.get(kind, key)),
    updateStatus: <T extends KubeObject>(object: T) => {
      const present = this.#objects.get(idOf(object.kind, object.metadata));
      const updated = { ...present, status: object['status'] } as KubeObject as T;
      this.put(updated);
      return Promise.resolve(updated);
    },
    subresource: (_kind: KindOf, key: ObjectKey, name: string, body: KubeObject) =>
      Promise.resolve(this.onSubresource(name, key, body)),
  } as unknown as Client;

  readonly informers: InformerSet = {
    informer: <T extends KubeObject>(kind: KindOf<T>) => this.#informer(kind),
    start: () => Promise.resolve(),
  };

  #informer<T extends KubeObject>(kind: KindOf<T>): Informer<T> {
    const all = (): T[] => [...this.#objects.values()].filter((object) => object.kind === kind.kind) as T[];
    const indexes = new Map<string, (object: T) => readonly string[]>();
    return {
      kind,
      get: (key) => this.get(kind, key),
      list: (namespace) => all().filter((object) => namespace === undefined || object.metadata.namespace === namespace),
      addIndex: (name, values) => indexes.set(name, values),
      byIndex: (name, value) => all().filter((object) => indexes.get(name)?.(object).includes(value) === true),
      onEvent: (handler) => {
        const handlers = this.#handlers.get(kind.kind) ?? [];
        this.#handlers.set(kind.kind, handlers);
        const general = handler as (event: InformerEvent<KubeObject>) => void;
        handlers.push(general);
        for (const object of all()) handler({ type: 'added', object });
        return () => handlers.splice(handlers.indexOf(general), 1);
      },
      resourceVersion: '1',
      synced: Promise.resolve(),
    };
  }
}

const idOf = (kind: string, key: ObjectKey): string => `${kind} ${keyText(key)}`;

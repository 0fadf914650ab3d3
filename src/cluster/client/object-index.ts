import type { KubeObject, ObjectKey } from '../../objects/object.js';
import { keyOf, keyText } from '../../objects/object.js';
import type { InformerEvent } from './informer.js';

type Handler<T extends KubeObject> = (event: InformerEvent<T>) => void;

interface Index<T> {
  readonly values: (object: T) => readonly string[];
  readonly entries: Map<string, Map<string, T>>;
}

const NONE: readonly never[] = [];
const NAMESPACE = '\0namespace';

/** Objects by key, namespace and any number of named indexes; tells its handlers of every change, in order. */
export class ObjectIndex<T extends KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, Index<T>>();
  readonly #handlers = new Set<Handler<T>>();
  readonly #onHandlerError: (error: unknown) => void;

  constructor(onHandlerError: (error: unknown) => void) {
    this.#onHandlerError = onHandlerError;
    this.addIndex(NAMESPACE, (object) => [object.metadata.namespace ?? '']);
  }

  get(key: ObjectKey): T | undefined {
    return this.#objects.get(keyText(key));
  }

  list(namespace?: string): readonly T[] {
    return namespace === undefined ? [...this.#objects.values()] : this.byIndex(NAMESPACE, namespace);
  }

  byIndex(name: string, value: string): readonly T[] {
    const index = this.#indexes.get(name);
    if (index === undefined) throw new Error(`no index ${JSON.stringify(name)}: add it before asking`);
    const entry = index.entries.get(value);
    return entry === undefined ? NONE : [...entry.values()];
  }

  /** The first function given for a name stays: whoever shares an index by name means the same by it. */
  addIndex(name: string, values: (object: T) => readonly string[]): void {
    if (this.#indexes.has(name)) return;
    const index: Index<T> = { values, entries: new Map() };
    this.#indexes.set(name, index);
    for (const [id, object] of this.#objects) insert(index, id, object);
  }

  onEvent(handler: Handler<T>): () => void {
    for (const object of this.#objects.values()) this.#tell(handler, { type: 'added', object });
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  put(object: T): void {
    const id = keyText(keyOf(object));
    const previous = this.#objects.get(id);
    if (previous !== undefined && previous.metadata.uid !== object.metadata.uid) {
      // Deleted and made again while nobody was looking.
      this.#removeId(id, previous);
      this.#insert(id, object);
    } else if (previous === undefined) {
      this.#insert(id, object);
    } else if (previous.metadata.resourceVersion !== object.metadata.resourceVersion) {
      for (const index of this.#indexes.values()) {
        withdraw(index, id, previous);
        insert(index, id, object);
      }
      this.#objects.set(id, object);
      this.#emit({ type: 'modified', object, previous });
    }
  }

  /** `object` is the last state of what is gone. */
  remove(object: T): void {
    const id = keyText(keyOf(object));
    const known = this.#objects.get(id);
    if (known !== undefined) this.#removeId(id, known, object);
  }

  /** Makes these the only objects: handlers see what was added, changed and removed. */
  replaceAll(objects: readonly T[]): void {
    if (this.#objects.size > 0) {
      const kept = new Set(objects.map((object) => keyText(keyOf(object))));
      for (const [id, object] of this.#objects) {
        if (!kept.has(id)) this.#removeId(id, object);
      }
    }
    for (const object of objects) this.put(object);
  }

  #insert(id: string, object: T): void {
    this.#objects.set(id, object);
    for (const index of this.#indexes.values()) insert(index, id, object);
    this.#emit({ type: 'added', object });
  }

  #removeId(id: string, known: T, last: T = known): void {
    this.#objects.delete(id);
    for (const index of this.#indexes.values()) withdraw(index, id, known);
    this.#emit({ type: 'deleted', object: last, previous: known });
  }

  #emit(event: InformerEvent<T>): void {
    for (const handler of this.#handlers) this.#tell(handler, event);
  }

  #tell(handler: Handler<T>, event: InformerEvent<T>): void {
    try {
      handler(event);
    } catch (error) {
      this.#onHandlerError(error);
    }
  }
}

const insert = <T>(index: Index<T>, id: string, object: T): void => {
  for (const value of index.values(object)) {
    const entry = index.entries.get(value);
    if (entry === undefined) index.entries.set(value, new Map([[id, object]]));
    else entry.set(id, object);
  }
};

const withdraw = <T>(index: Index<T>, id: string, object: T): void => {
  for (const value of index.values(object)) {
    const entry = index.entries.get(value);
    entry?.delete(id);
    if (entry?.size === 0) index.entries.delete(value);
  }
};

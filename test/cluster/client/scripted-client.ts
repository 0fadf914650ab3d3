import type { ApiError } from '../../../src/objects/api-error.js';
import type { KindOf } from '../../../src/objects/kind.js';
import type { KubeObject } from '../../../src/objects/object.js';
import type { Client, WatchEvent, WatchOptions } from '../../../src/cluster/client/client.js';

const refuse = (): never => {
  throw new Error('the scripted client only watches');
};

/** One watch that the code under test has opened; the test says what it delivers. */
export class ScriptedWatch {
  #queue: (WatchEvent | Error | undefined)[] = [];
  #wake: (() => void) | undefined;

  constructor(
    readonly kind: KindOf,
    readonly options: WatchOptions,
    readonly signal: AbortSignal,
  ) {
    signal.addEventListener('abort', () => this.#push(undefined), { once: true });
  }

  send(type: 'added' | 'modified' | 'deleted', ...objects: KubeObject[]): this {
    for (const object of objects) this.#push({ type, object });
    return this;
  }

  bookmark(resourceVersion: string, initialEventsEnd = false): this {
    this.#push({ type: 'bookmark', resourceVersion, initialEventsEnd });
    return this;
  }

  fail(error: ApiError | Error): void {
    this.#push(error);
  }

  end(): void {
    this.#push(undefined);
  }

  #push(item: WatchEvent | Error | undefined): void {
    this.#queue.push(item);
    this.#wake?.();
  }

  async *events(): AsyncIterable<WatchEvent> {
    for (;;) {
      if (this.#queue.length === 0) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      const item = this.#queue.shift();
      if (item === undefined) return;
      if (item instanceof Error) throw item;
      yield item;
    }
  }
}

/** A client whose watches the test plays by hand. */
export const scriptedClient = (): { readonly client: Client; readonly watches: ScriptedWatch[] } => {
  const watches: ScriptedWatch[] = [];
  const client: Client = {
    get: refuse,
    list: refuse,
    create: refuse,
    update: refuse,
    updateStatus: refuse,
    patch: refuse,
    apply: refuse,
    delete: refuse,
    subresource: refuse,
    resources: refuse,
    watch: <T extends KubeObject>(kind: KindOf<T>, options: WatchOptions, signal: AbortSignal) => {
      const watch = new ScriptedWatch(kind as KindOf, options, signal);
      watches.push(watch);
      return watch.events() as AsyncIterable<WatchEvent<T>>;
    },
  };
  return { client, watches };
};

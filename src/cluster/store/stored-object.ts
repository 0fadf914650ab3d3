import { readJson, writeJson } from '../../objects/lossless-json.js';
import type { KubeObject } from '../../objects/object.js';
import type { Revision, Stored } from './store.js';

/**
 * An object as its JSON bytes. The parsed object is kept for as long as somebody else holds it (an informer, a request)
 * and read again from the bytes when nobody does: most objects are written once and then only listed.
 */
export class StoredObject implements Stored {
  #object: WeakRef<KubeObject> | undefined;

  constructor(
    readonly key: string,
    readonly revision: Revision,
    readonly bytes: Uint8Array,
    object?: KubeObject,
  ) {
    if (object !== undefined) this.#object = new WeakRef(object);
  }

  /** The object with its revision as resourceVersion. */
  static of(key: string, revision: Revision, source: KubeObject): StoredObject {
    const object = { ...source, metadata: { ...source.metadata, resourceVersion: String(revision) } };
    return new StoredObject(key, revision, bytesOf(textOf(object)), object);
  }

  get object(): KubeObject {
    const known = this.#object?.deref();
    if (known !== undefined) return known;
    const parsed = parseObject(this.bytes);
    this.#object = new WeakRef(parsed);
    return parsed;
  }
}

/** What the text of an object that holds integers beyond 2^53 begins with: the others need not be searched for any. */
const SPACE = 0x20;

const textOf = (object: KubeObject): string => {
  try {
    return JSON.stringify(object);
  } catch {
    return ` ${writeJson(object)}`;
  }
};

/** In memory of their own: of the pool that small buffers share, one that is kept would keep all its neighbours. */
const bytesOf = (text: string): Uint8Array => {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
};

export const parseObject = (bytes: Uint8Array): KubeObject => {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  return (bytes[0] === SPACE ? readJson(text) : JSON.parse(text)) as KubeObject;
};

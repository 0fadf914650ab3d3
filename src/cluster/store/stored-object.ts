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

/** Everything that is stored is a Buffer already; a view of one costs as much as reading a small object. */
const bufferOf = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export const parseObject = (bytes: Uint8Array): KubeObject => {
  const text = bufferOf(bytes).toString('utf8');
  return (bytes[0] === SPACE ? readJson(text) : JSON.parse(text)) as KubeObject;
};

/** Inside a string the quotes would be escaped: where this is found, it is a field. */
const VERSION_FIELD = Buffer.from('"resourceVersion":"');
const QUOTE = 0x22;

/**
 * The revision of a stored object. Every one has it, so that a field of the name which is the only one is it; objects
 * with others (events have those of what they are about) are parsed.
 */
export const revisionOf = (bytes: Uint8Array): Revision => {
  const buffer = bufferOf(bytes);
  const at = buffer.indexOf(VERSION_FIELD);
  const start = at + VERSION_FIELD.length;
  if (at >= 0 && buffer.indexOf(VERSION_FIELD, start) < 0) {
    const revision = Number(buffer.toString('latin1', start, buffer.indexOf(QUOTE, start)));
    if (Number.isSafeInteger(revision) && revision > 0) return revision;
  }
  return Number(parseObject(bytes).metadata.resourceVersion);
};

import { ApiError } from '../../../objects/api-error.js';
import { writeJson } from '../../../objects/lossless-json.js';
import type { KubeObject } from '../../../objects/object.js';
import { encodeWatchEvent } from '../../../objects/protobuf/protobuf.js';
import type { ObjectFrame, WatchFrame } from '../operations/watch-frames.js';
import { tableOf } from '../printers/table.js';
import type { ServedResource } from '../request.js';
import { internal } from '../status-errors.js';
import { protobufOf } from './answers.js';
import { PROTOBUF } from './bodies.js';
import type { Negotiated } from './negotiation.js';
import { partialObject } from './object-forms.js';

/** Writes the frames of one watch in the form that its client asked for. */
export interface FrameEncoder {
  readonly contentType: string;
  /** The bytes of a frame, in pieces. */
  encode(frame: WatchFrame): readonly Uint8Array[];
  /** The end of a watch that failed, as a frame: the client lists again. */
  encodeError(error: unknown): Uint8Array;
}

/** How an object looks in a frame; what `name` says is the same for all frames that look alike. */
interface Form {
  readonly name: string;
  of(object: KubeObject): unknown;
}

/** How a frame is written in one form, for as long as there are watches that have not sent it. */
const written = new WeakMap<ObjectFrame, Map<string, readonly Uint8Array[]>>();

const once = (frame: ObjectFrame, form: string, write: () => readonly Uint8Array[]): readonly Uint8Array[] => {
  if (!frame.shared) return write();
  const forms = written.get(frame) ?? new Map<string, readonly Uint8Array[]>();
  if (forms.size === 0) written.set(frame, forms);
  const known = forms.get(form);
  if (known !== undefined) return known;
  // In one piece: it is written as often as there are watches.
  const bytes = [Buffer.concat(write())];
  forms.set(form, bytes);
  return bytes;
};

export const createFrameEncoder = (
  resource: ServedResource,
  negotiated: Negotiated,
  includeObject: string,
): FrameEncoder => {
  const nextForm = formsOf(resource, negotiated, includeObject);
  const wire = negotiated.format === 'protobuf' ? PROTOBUF_WIRE : JSON_WIRE;
  return {
    contentType: wire.contentType,
    encode: (frame) => {
      const form = nextForm();
      if (frame.type === 'BOOKMARK') {
        const object = bookmark(resource, frame.resourceVersion, frame.initialEventsEnd);
        return [wire.frame('BOOKMARK', form === undefined ? object : form.of(object))];
      }
      const { type, item } = frame;
      return once(frame, `${wire.contentType} ${form?.name ?? ''}`, () =>
        form === undefined && item.bytes !== undefined && wire === JSON_WIRE
          ? storedPieces(type, item.bytes)
          : [wire.frame(type, form === undefined ? item.object : form.of(item.object))],
      );
    },
    encodeError: (error) => {
      const status = error instanceof ApiError ? error : internal('the watch failed');
      return wire.frame('ERROR', status.toStatus());
    },
  };
};

const bookmark = (resource: ServedResource, resourceVersion: string, initialEventsEnd: boolean): KubeObject =>
  ({
    kind: resource.kind,
    apiVersion: resource.apiVersion,
    metadata: {
      resourceVersion,
      creationTimestamp: null,
      ...(initialEventsEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
    },
  }) as unknown as KubeObject;

interface Wire {
  readonly contentType: string;
  frame(type: string, object: unknown): Uint8Array;
}

const JSON_WIRE: Wire = {
  contentType: 'application/json',
  frame: (type, object) => Buffer.from(`${writeJson({ type, object })}\n`),
};

/** Each frame follows its length in four bytes. */
const PROTOBUF_WIRE: Wire = {
  contentType: `${PROTOBUF};stream=watch`,
  frame: (type, object) => {
    const event = encodeWatchEvent(type, protobufOf(object));
    const frame = Buffer.allocUnsafe(4 + event.byteLength);
    frame.writeUInt32BE(event.byteLength);
    frame.set(event, 4);
    return frame;
  },
};

const HEADS = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
} as const;
const TAIL = Buffer.from('}\n');

/** An object as it is stored: nothing is written anew. */
const storedPieces = (type: ObjectFrame['type'], bytes: Uint8Array): readonly Uint8Array[] => [
  HEADS[type],
  bytes,
  TAIL,
];

/** The form of each next frame; undefined for objects as they are. */
const formsOf = (
  resource: ServedResource,
  { as, asVersion }: Negotiated,
  includeObject: string,
): (() => Form | undefined) => {
  if (as === 'PartialObjectMetadata') {
    const form = { name: `${as} ${asVersion}`, of: (object: KubeObject) => partialObject({ object }, asVersion) };
    return () => form;
  }
  if (as !== 'Table') return () => undefined;
  const table = (withoutColumns: boolean): Form => ({
    name: `Table ${asVersion} ${includeObject} ${withoutColumns}`,
    of: (object) => {
      const { resourceVersion = '' } = object.metadata;
      return tableOf(resource, [{ object }], { resourceVersion }, asVersion, { includeObject, withoutColumns });
    },
  });
  // The columns are told once.
  const [first, later] = [table(false), table(true)];
  let isFirst = true;
  return () => {
    if (!isFirst) return later;
    isFirst = false;
    return first;
  };
};

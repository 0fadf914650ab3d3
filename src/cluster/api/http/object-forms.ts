import { writeJson } from '../../../objects/lossless-json.js';
import type { Item } from '../operations/machinery.js';
import type { ListResult } from '../operations/read.js';
import type { ServedResource } from '../request.js';
import type { Negotiated } from './negotiation.js';
import type { Answer } from './answers.js';
import { isPrintable, tableOf, type TableOptions } from '../printers/table.js';

/** An object with its metadata only. */
export const partialObject = ({ object }: Item, version: string): unknown => ({
  kind: 'PartialObjectMetadata',
  apiVersion: `meta.k8s.io/${version}`,
  metadata: object.metadata,
});

/** The metadata of a list. */
const listMeta = (result: ListResult): Readonly<Record<string, unknown>> => ({
  resourceVersion: result.resourceVersion,
  ...(result.continue === undefined ? {} : { continue: result.continue }),
  ...(result.remainingItemCount === undefined ? {} : { remainingItemCount: result.remainingItemCount }),
});

const wholeItem = ({ object, bytes }: Item): readonly Uint8Array[] => [bytes ?? Buffer.from(writeJson(object))];

/** The items of built-in lists do not say what they are: the list does. What is ready as bytes is cut, not read. */
const untypedItem = ({ apiVersion, kind }: ServedResource): ((item: Item) => readonly Uint8Array[]) => {
  const version = `"apiVersion":${JSON.stringify(apiVersion)}`;
  const named = `"kind":${JSON.stringify(kind)}`;
  const starts = [`{${version},${named},`, `{${named},${version},`].map((text) => Buffer.from(text));
  return ({ object, bytes }) => {
    const start = starts.find((each) => bytes !== undefined && each.equals(bytes.subarray(0, each.byteLength)));
    if (bytes !== undefined && start !== undefined) return [BRACE, bytes.subarray(start.byteLength)];
    const { apiVersion: _version, kind: _kind, ...rest } = object;
    return [Buffer.from(writeJson(rest))];
  };
};

const BRACE = Buffer.from('{');
const OPEN = Buffer.from('[');
const COMMA = Buffer.from(',');
const CLOSE = Buffer.from(']}');

/** A list in the form that was negotiated. Objects that are ready as bytes are sent as they are. */
export const listAnswer = (
  resource: ServedResource,
  result: ListResult,
  { as, asVersion }: Negotiated,
  table: TableOptions,
): Answer => {
  const metadata = listMeta(result);
  if (as === 'Table') return { code: 200, body: tableOf(resource, result.items, metadata, asVersion, table) };
  if (as !== undefined) {
    const items = result.items.map((item) => partialObject(item, asVersion));
    return {
      code: 200,
      body: { kind: 'PartialObjectMetadataList', apiVersion: `meta.k8s.io/${asVersion}`, metadata, items },
    };
  }
  const meta = resource.custom ? { continue: '', ...metadata } : metadata;
  const head = JSON.stringify({ kind: resource.listKind, apiVersion: resource.apiVersion, metadata: meta });
  const itemOf = resource.custom ? wholeItem : untypedItem(resource);
  const parts: Uint8Array[] = [Buffer.from(`${head.slice(0, -1)},"items":`), OPEN];
  result.items.forEach((item, index) => {
    if (index > 0) parts.push(COMMA);
    parts.push(...itemOf(item));
  });
  parts.push(CLOSE);
  return { code: 200, body: undefined, bytes: parts };
};

/** One object in the form that was negotiated. */
export const itemAnswer = (
  code: number,
  resource: ServedResource,
  item: Item,
  { as, asVersion }: Negotiated,
  table: TableOptions,
): Answer => {
  if (as === 'Table' && isPrintable(resource, item.object)) {
    const { resourceVersion = '' } = item.object.metadata;
    return { code, body: tableOf(resource, [item], { resourceVersion }, asVersion, table) };
  }
  if (as === 'PartialObjectMetadata' && item.object.kind === resource.kind) {
    return { code, body: partialObject(item, asVersion) };
  }
  return item.bytes === undefined ? { code, body: item.object } : { code, body: undefined, bytes: [item.bytes] };
};

import { randomUUID } from 'node:crypto';
import { isRecord } from '../../../objects/json.js';
import type { CustomResourceDefinition } from '../../../objects/kinds/apiextensions-k8s-io-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import type { Store } from '../../store/store.js';
import { internal } from '../status-errors.js';
import { callWebhook } from './webhook-call.js';

const TIMEOUT_MS = 30_000;
/** Objects are converted to a version once; both are what they are for ever. */
const converted = new WeakMap<KubeObject, Map<string, Promise<KubeObject>>>();

/** Asks the webhook of a definition for an object in another version. */
export const convertByWebhook = (
  store: Store,
  definition: CustomResourceDefinition,
  object: KubeObject,
  apiVersion: string,
): Promise<KubeObject> => {
  const known = converted.get(object) ?? new Map<string, Promise<KubeObject>>();
  converted.set(object, known);
  const present = known.get(apiVersion);
  if (present !== undefined) return present;
  const asked = ask(store, definition, object, apiVersion);
  known.set(apiVersion, asked);
  asked.catch(() => known.delete(apiVersion));
  return asked;
};

const ask = async (
  store: Store,
  { spec, metadata }: CustomResourceDefinition,
  object: KubeObject,
  desiredAPIVersion: string,
): Promise<KubeObject> => {
  const fail = (why: string): never => {
    throw internal(`conversion webhook for ${object.apiVersion}, Kind=${object.kind} failed: ${why}`);
  };
  const config = spec.conversion?.webhook?.clientConfig;
  if (config === undefined) return fail(`${metadata.name} has no clientConfig`);
  const uid = randomUUID();
  const review = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'ConversionReview',
    request: { uid, desiredAPIVersion, objects: [object] },
  };
  const limits = { timeoutMs: TIMEOUT_MS, signal: new AbortController().signal };
  const answer = await callWebhook(store, config, review, limits).catch((error: unknown) =>
    fail(error instanceof Error ? error.message : String(error)),
  );
  const response = isRecord(answer) && isRecord(answer['response']) ? answer['response'] : {};
  const { result, convertedObjects } = response;
  if (response['uid'] !== uid) return fail('the answer is not for this request');
  if (!isRecord(result) || result['status'] !== 'Success') {
    return fail(isRecord(result) && typeof result['message'] === 'string' ? result['message'] : 'no success');
  }
  const [first] = Array.isArray(convertedObjects) ? (convertedObjects as unknown[]) : [];
  if (!isRecord(first) || first['apiVersion'] !== desiredAPIVersion || !isRecord(first['metadata'])) {
    return fail('the answer holds no object of the version asked for');
  }
  // A webhook converts what users wrote; who an object is stays as it was.
  const { labels, annotations } = first['metadata'] as { labels?: object; annotations?: object };
  const own = { ...(labels === undefined ? {} : { labels }), ...(annotations === undefined ? {} : { annotations }) };
  return { ...first, metadata: { ...object.metadata, ...own } } as KubeObject;
};

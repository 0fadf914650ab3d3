import { randomUUID } from 'node:crypto';
import { ApiError } from '../../../objects/api-error.js';
import type { CustomResourceDefinition } from '../../../objects/kinds/apiextensions-k8s-io-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import type { Store } from '../../store/store.js';
import { checkedObject, conversionAnswer } from './conversion-answer.js';
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

const SCHEME = 'k8s.io/apiserver/pkg/util/webhook/client.go:71';

const ask = async (
  store: Store,
  { spec, metadata }: CustomResourceDefinition,
  object: KubeObject,
  desiredAPIVersion: string,
): Promise<KubeObject> => {
  const subject = `conversion webhook for ${object.apiVersion}, Kind=${object.kind}`;
  const { clientConfig, conversionReviewVersions = ['v1'] } = spec.conversion?.webhook ?? {};
  if (clientConfig === undefined) throw fault(`${subject} failed: ${metadata.name} has no clientConfig`);
  const uid = randomUUID();
  const version = conversionReviewVersions.find((each) => each === 'v1' || each === 'v1beta1') ?? 'v1';
  const wanted = { group: 'apiextensions.k8s.io', version, kind: 'ConversionReview', scheme: SCHEME };
  const review = {
    kind: 'ConversionReview',
    apiVersion: `apiextensions.k8s.io/${version}`,
    request: { uid, desiredAPIVersion, objects: [object] },
    response: { uid: '', convertedObjects: null, result: { metadata: {} } },
  };
  const limits = { timeoutMs: TIMEOUT_MS, signal: new AbortController().signal };
  let converted: readonly unknown[];
  try {
    converted = conversionAnswer(await callWebhook(store, clientConfig, review, wanted, limits), uid, version);
  } catch (error) {
    throw fault(`${subject} failed: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (converted.length !== 1) throw fault(`${subject} returned ${converted.length} objects, expected 1`);
  return checkedObject(subject, converted[0], object, desiredAPIVersion);
};

/** Faults of a conversion are passed on without a reason. */
const fault = (why: string): ApiError => new ApiError('Unknown', why);

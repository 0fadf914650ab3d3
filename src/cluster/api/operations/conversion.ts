import type { KubeObject } from '../../../objects/object.js';
import type { ServedResource } from '../request.js';
import type { Store } from '../../store/store.js';
import { convertByWebhook } from '../webhooks/conversion-webhook.js';
import { internal } from '../status-errors.js';
import { convertEvent } from './convert-event.js';
import { convertAutoscaler } from './convert-autoscaler.js';

/** An object in another version of its kind. */
export const convertObject = (
  store: Store,
  object: KubeObject,
  apiVersion: string,
  { custom, definition }: ServedResource,
): KubeObject | Promise<KubeObject> => {
  if (object.apiVersion === apiVersion) return object;
  if (object.kind === 'Event') return convertEvent(object, apiVersion);
  if (object.kind === 'HorizontalPodAutoscaler') return convertAutoscaler(object, apiVersion);
  if (definition?.spec.conversion?.strategy === 'Webhook') {
    return convertByWebhook(store, definition, object, apiVersion);
  }
  // Without a webhook, the versions of a custom resource differ in their name only.
  if (custom) return { ...object, apiVersion };
  throw internal(`${object.kind} cannot be converted from ${object.apiVersion} to ${apiVersion}`);
};

import { isApiError } from '../../../objects/api-error.js';
import type { PodTemplateSpec } from '../../../objects/kinds/core-v1.js';
import { Pod } from '../../../objects/kinds/core-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import { keyOf } from '../../../objects/object.js';
import { controllerReference } from '../../../objects/owner-references.js';
import type { Client } from '../../client/client.js';
import type { EventRecorder } from '../../client/event-recorder.js';

/** A pod of a template, controlled by `owner`. `name` is fixed, else made by the server from `<owner>-`. */
export const podFromTemplate = (template: PodTemplateSpec, owner: KubeObject, name = ''): Pod => {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  const { namespace } = owner.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      generateName: podPrefix(owner.metadata.name),
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: [controllerReference(owner)],
    },
    spec: template.spec ?? { containers: [] },
  };
};

/** `<owner>-`, or the bare name where the dash would make a wrong name. */
const podPrefix = (name: string): string => (name.length < 253 ? `${name}-` : name);

/** Creates and deletes pods for owners, with the events that kubectl users know. */
export interface PodControl {
  create(pod: Pod, owner: KubeObject): Promise<Pod>;
  /** Resolves also when the pod is gone already. */
  delete(pod: Pod, owner: KubeObject): Promise<void>;
}

export const createPodControl = (client: Client, recorder: EventRecorder): PodControl => ({
  create: async (pod, owner) => {
    try {
      const created = await client.create(pod);
      recorder.event(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${created.metadata.name}`);
      return created;
    } catch (error) {
      if (!isNamespaceTerminating(error)) {
        recorder.event(owner, 'Warning', 'FailedCreate', `Error creating: ${messageOf(error)}`);
      }
      throw error;
    }
  },
  delete: async (pod, owner) => {
    const { uid } = pod.metadata;
    try {
      await client.delete(Pod, keyOf(pod), uid === undefined ? {} : { preconditions: { uid } });
    } catch (error) {
      if (isApiError(error, 'NotFound') || isApiError(error, 'Conflict')) return;
      recorder.event(owner, 'Warning', 'FailedDelete', `Error deleting: ${messageOf(error)}`);
      throw error;
    }
    recorder.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
  },
});

/** The namespace is being deleted: nothing can be created in it, and nobody needs to be told. */
export const isNamespaceTerminating = (error: unknown): boolean =>
  isApiError(error, 'Forbidden') &&
  (error.details.causes ?? []).some((cause) => cause.reason === 'NamespaceTerminating');

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

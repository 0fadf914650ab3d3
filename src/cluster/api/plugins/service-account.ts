import type { Pod, PodSpec, Volume } from '../../../objects/kinds/core-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import { randomSuffix } from '../../../objects/generate-name.js';
import type { Store } from '../../store/store.js';
import { forbidden } from '../status-errors.js';
import type { AdmissionPlugin } from './admission-plugin.js';

const MIRROR = 'kubernetes.io/config.mirror';
const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
const TOKEN_SECONDS = 3607;

interface ServiceAccountShape extends KubeObject {
  readonly automountServiceAccountToken?: boolean;
  readonly imagePullSecrets?: readonly { readonly name?: string }[];
}

/** Pods run as a service account that exists, and carry its token unless they or it decline. */
export const serviceAccountAdmission = (store: Store): AdmissionPlugin => ({
  name: 'ServiceAccount',
  admit: ({ operation, target, object }) => {
    const isPod = target.resource.group === '' && target.resource.plural === 'pods';
    if (operation !== 'CREATE' || !isPod || target.subresource !== undefined) return object;
    if (object.metadata.annotations !== undefined && Object.hasOwn(object.metadata.annotations, MIRROR)) return object;
    return withServiceAccount(store, target, object as Pod);
  },
});

const withServiceAccount = (
  store: Store,
  { resource, namespace = '' }: { resource: { group: string; plural: string }; namespace?: string },
  pod: Pod,
): KubeObject => {
  const asked = pod.spec.serviceAccountName ?? '';
  const name = asked === '' ? 'default' : asked;
  const account = store.get(`/registry/core/serviceaccounts/${namespace}/${name}`)?.object as
    | ServiceAccountShape
    | undefined;
  if (account === undefined) {
    const why = `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`;
    throw forbidden(resource, pod.metadata.name, why);
  }
  const named: PodSpec = { ...pod.spec, serviceAccountName: name, serviceAccount: name };
  const automounts = pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
  const mounted = automounts ? withToken(named) : named;
  const ownSecrets = pod.spec.imagePullSecrets ?? [];
  const pullSecrets = account.imagePullSecrets ?? [];
  const spec =
    ownSecrets.length === 0 && pullSecrets.length > 0 ? { ...mounted, imagePullSecrets: pullSecrets } : mounted;
  return { ...pod, spec };
};

type Container = PodSpec['containers'][number];

const withToken = (spec: PodSpec): PodSpec => {
  const volumes = spec.volumes ?? [];
  const present = volumes.find((volume) => volume.name.startsWith('kube-api-access-'));
  const volume = present ?? tokenVolume();
  let mounts = 0;
  const mount = (container: Container): Container => {
    if ((container.volumeMounts ?? []).some(({ mountPath }) => mountPath === TOKEN_PATH)) return container;
    mounts += 1;
    const added = { name: volume.name, readOnly: true, mountPath: TOKEN_PATH };
    return { ...container, volumeMounts: [...(container.volumeMounts ?? []), added] };
  };
  const containers = (spec.containers as PodSpec['containers'] | undefined)?.map(mount) ?? [];
  const initContainers = spec.initContainers?.map(mount);
  const changed = { ...spec, containers, ...(initContainers === undefined ? {} : { initContainers }) };
  return mounts === 0 || present !== undefined ? changed : { ...changed, volumes: [...volumes, volume] };
};

/** Token, certificate authority and namespace, as every client inside a pod looks for them. */
const tokenVolume = (): Volume => ({
  name: `kube-api-access-${randomSuffix()}`,
  projected: {
    defaultMode: 0o644,
    sources: [
      { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
        },
      },
    ],
  },
});

import type { Ingress } from '../../../objects/kinds/networking-k8s-io-v1.js';
import type { Store } from '../../store/store.js';
import type { AdmissionPlugin } from './admission-plugin.js';
import { defaultClass } from './default-class.js';

const IS_DEFAULT = 'ingressclass.kubernetes.io/is-default-class';
const LEGACY = 'kubernetes.io/ingress.class';

/** Ingresses that name no class get the newest of the default ones. */
export const defaultIngressClass = (store: Store): AdmissionPlugin => ({
  name: 'DefaultIngressClass',
  admit: ({ operation, target: { resource, subresource }, object }) => {
    const isIngress = resource.group === 'networking.k8s.io' && resource.plural === 'ingresses';
    if (operation !== 'CREATE' || !isIngress || subresource !== undefined) return object;
    const ingress = object as Ingress;
    if (ingress.spec?.ingressClassName !== undefined || ingress.metadata.annotations?.[LEGACY] !== undefined) {
      return object;
    }
    const chosen = defaultClass(store, 'networking.k8s.io/ingressclasses', [IS_DEFAULT]);
    if (chosen === undefined) return object;
    return { ...ingress, spec: { ...ingress.spec, ingressClassName: chosen.metadata.name } };
  },
});

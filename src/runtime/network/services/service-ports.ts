import type { Service } from '../../../objects/kinds/core-v1.js';
import type { ObjectKey } from '../../../objects/object.js';
import { keyOf, keyText } from '../../../objects/object.js';

/** One port of a Service, as a proxy needs it. */
export interface ServicePortRule {
  /** `namespace/name:port/protocol`: the same as long as it is the same port. */
  readonly id: string;
  readonly service: ObjectKey;
  readonly portName: string | undefined;
  readonly clusterIp: string;
  readonly port: number;
  readonly nodePort: number | undefined;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  /** How long a client stays with its endpoint; absent: every connection for itself. */
  readonly affinitySeconds: number | undefined;
}

const DEFAULT_AFFINITY_SECONDS = 10_800;

/** Objects of an informer never change, and every change of one Service asks for the rules of all. */
const knownRules = new WeakMap<Service, readonly ServicePortRule[]>();

/** The ports of a Service that has a cluster address; none of headless ones and ExternalNames. */
export const servicePortRules = (service: Service): readonly ServicePortRule[] => {
  let rules = knownRules.get(service);
  if (rules === undefined) {
    rules = rulesOf(service);
    knownRules.set(service, rules);
  }
  return rules;
};

const rulesOf = (service: Service): readonly ServicePortRule[] => {
  const { clusterIP, type, sessionAffinity, sessionAffinityConfig } = service.spec;
  if (clusterIP === undefined || clusterIP === '' || clusterIP === 'None' || type === 'ExternalName') return [];
  const key = keyOf(service);
  return (service.spec.ports ?? []).map((port) => {
    const protocol = port.protocol === 'UDP' || port.protocol === 'SCTP' ? port.protocol : 'TCP';
    return {
      id: `${keyText(key)}:${port.port}/${protocol}`,
      service: key,
      portName: port.name,
      clusterIp: clusterIP,
      port: port.port,
      nodePort: port.nodePort === 0 ? undefined : port.nodePort,
      protocol,
      affinitySeconds:
        sessionAffinity === 'ClientIP'
          ? (sessionAffinityConfig?.clientIP?.timeoutSeconds ?? DEFAULT_AFFINITY_SECONDS)
          : undefined,
    };
  });
};

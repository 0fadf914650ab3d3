import type {
  NodeSelectorTerm,
  Pod,
  PodSpec,
  PodTemplateSpec,
  TopologySpreadConstraint,
} from '../../../objects/kinds/core-v1.js';
import { validLabelValue } from '../../../objects/names.js';
import { tryParseQuantity } from '../../../objects/quantity.js';
import type { LabelSelectorObject } from '../../../objects/selectors/label-selector.js';
import { validateSpread } from './affinity.js';
import { validateLabelSelector } from './labels.js';
import { inVolume } from './paths.js';
import { isDeletionCost } from './pod-annotations.js';
import { containersOf } from './pod-os.js';
import { OF_TEMPLATE, type PodRules } from './pod-rules.js';
import { isHugePages } from './quantities.js';
import { isSysctlOfNode } from './security-context.js';

/** What rules came later than some stored objects: an update may keep what its object was stored with. */
export const hasInvalidValue = (terms: readonly NodeSelectorTerm[] | undefined): boolean =>
  (terms ?? []).some(({ matchExpressions = [] }) =>
    matchExpressions.some(({ values = [] }) => values.some((value) => validLabelValue(value).length > 0)),
  );

const isInvalid = (selector: LabelSelectorObject | undefined): boolean =>
  (selector?.matchExpressions ?? []).some(({ values = [] }) =>
    values.some((value) => validLabelValue(value).length > 0),
  );

const hasInvalidSelector = ({ affinity }: PodSpec): boolean =>
  [affinity?.podAffinity, affinity?.podAntiAffinity]
    .flatMap((part) => [
      ...(part?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...(part?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
    ])
    .some(({ labelSelector }) => isInvalid(labelSelector));

const hasInvalidSpread = (constraints: readonly TopologySpreadConstraint[] | undefined): boolean =>
  (constraints ?? []).some(({ labelSelector }) => validateLabelSelector('', labelSelector).length > 0);

const hasPartialPages = (spec: PodSpec): boolean =>
  containersOf('', spec).some(([{ resources }]) =>
    [...Object.entries(resources?.limits ?? {}), ...Object.entries(resources?.requests ?? {})].some(([name, value]) => {
      const size = tryParseQuantity(name.slice('hugepages-'.length))?.nanos ?? 0n;
      return isHugePages(name) && size > 0n && (tryParseQuantity(value)?.nanos ?? 0n) % size !== 0n;
    }),
  );

const hasOtherTokenPath = ({ volumes = [] }: PodSpec): boolean =>
  volumes.some(({ projected }) =>
    (projected?.sources ?? []).some(
      ({ serviceAccountToken: token }) => token !== undefined && inVolume('', token.path).length > 0,
    ),
  );

const hasRestartingInit = ({ initContainers = [] }: PodSpec): boolean =>
  initContainers.some(
    ({ restartPolicy, resizePolicy = [] }) =>
      restartPolicy !== 'Always' && resizePolicy.some((policy) => policy.restartPolicy === 'RestartContainer'),
  );

const specRules = (old: PodSpec | undefined): Partial<PodRules> => {
  if (old === undefined) return {};
  const required = old.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return {
    allowInvalidSelectorValues: hasInvalidSelector(old),
    allowInvalidNodeAffinityValues: hasInvalidValue(required?.nodeSelectorTerms),
    allowInvalidSpreadSelectors: hasInvalidSpread(old.topologySpreadConstraints),
    allowIndivisibleHugePages: hasPartialPages(old),
    allowAnyTokenPath: hasOtherTokenPath(old),
    allowHostSysctls: (old.securityContext?.sysctls ?? []).some(({ name }) => isSysctlOfNode(name, old) !== undefined),
    allowAnySelinuxPolicy: old.securityContext?.seLinuxChangePolicy !== undefined,
    allowRestartingInitContainers: hasRestartingInit(old),
    allowDevicesOfUsers:
      old.hostUsers === false && containersOf('', old).some(([{ volumeDevices = [] }]) => volumeDevices.length > 0),
    allowAnyMatchKeys: validateSpread('', old.topologySpreadConstraints, OF_TEMPLATE).some(({ message }) =>
      message.includes('exists in both'),
    ),
  };
};

const costRules = (metadata: { readonly annotations?: Readonly<Record<string, string>> } | undefined) => {
  const cost = metadata?.annotations?.['controller.kubernetes.io/pod-deletion-cost'];
  return { allowAnyDeletionCost: cost !== undefined && !isDeletionCost(cost) };
};

export const rulesOfPod = (pod: Pod, old?: Pod): PodRules => ({
  isPod: true,
  metadata: pod.metadata,
  ...specRules(old?.spec),
  ...costRules(old?.metadata),
});

/** For the update of an object with a template of pods. */
export const rulesOfTemplate = (old: PodTemplateSpec | undefined): PodRules => ({
  isPod: false,
  ...specRules(old?.spec),
  ...costRules(old?.metadata),
});

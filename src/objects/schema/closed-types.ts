import { enumValues } from './schema-table.js';

const BY_GROUP: Readonly<Record<string, readonly string[]>> = {
  'core/v1': [
    'AppArmorProfileType',
    'AzureDataDiskCachingMode',
    'AzureDataDiskKind',
    'ClaimResourceStatus',
    'DNSPolicy',
    'HostPathType',
    'IPFamily',
    'IPFamilyPolicy',
    'MountPropagationMode',
    'NamespacePhase',
    'NodeInclusionPolicy',
    'NodePhase',
    'NodeSelectorOperator',
    'PersistentVolumeAccessMode',
    'PersistentVolumeClaimModifyVolumeStatus',
    'PersistentVolumeClaimPhase',
    'PersistentVolumeMode',
    'PersistentVolumePhase',
    'PersistentVolumeReclaimPolicy',
    'PodFSGroupChangePolicy',
    'PodPhase',
    'PodQOSClass',
    'PreemptionPolicy',
    'ProcMountType',
    'Protocol',
    'PullPolicy',
    'ResourceQuotaScope',
    'RestartPolicy',
    'ScopeSelectorOperator',
    'SeccompProfileType',
    'ServiceAffinity',
    'ServiceExternalTrafficPolicy',
    'ServiceInternalTrafficPolicy',
    'ServiceType',
    'Signal',
    'SupplementalGroupsPolicy',
    'TaintEffect',
    'TerminationMessagePolicy',
    'TolerationOperator',
    'URIScheme',
    'UnsatisfiableConstraintAction',
  ],
  'admissionregistration.k8s.io/v1': [
    'FailurePolicyType',
    'MatchPolicyType',
    'OperationType',
    'ReinvocationPolicyType',
    'ScopeType',
    'SideEffectClass',
    'ValidationAction',
  ],
  'apiextensions.k8s.io/v1': ['FieldValueErrorReason'],
  'apps/v1': [
    'DaemonSetUpdateStrategyType',
    'DeploymentStrategyType',
    'PodManagementPolicyType',
    'StatefulSetUpdateStrategyType',
  ],
  'batch/v1': [
    'CompletionMode',
    'ConcurrencyPolicy',
    'PodFailurePolicyAction',
    'PodFailurePolicyOnExitCodesOperator',
    'PodReplacementPolicy',
  ],
  'certificates.k8s.io/v1': ['KeyUsage'],
  'networking.k8s.io/v1': ['PolicyType'],
  'policy/v1': ['UnhealthyPodEvictionPolicyType'],
  'resource.k8s.io/v1': ['AllocationConfigSource', 'DeviceTaintEffect', 'DeviceTolerationOperator'],
  'storage.k8s.io/v1': ['VolumeBindingMode'],
};

/** Values of closed types whose constants are declared in a way that the field tables do not see. */
const UNTABLED: Readonly<Record<string, readonly string[]>> = {
  'discovery.k8s.io/v1.AddressType': ['FQDN', 'IPv4', 'IPv6'],
  'networking.k8s.io/v1.PathType': ['Exact', 'ImplementationSpecific', 'Prefix'],
  'resource.k8s.io/v1.DeviceAllocationMode': ['All', 'ExactCount'],
};

/**
 * Types whose constants are all the values there may be, and are published as such: `core/v1.PullPolicy`. The constants
 * of other types are only those that Kubernetes itself uses: anybody may add a condition.
 */
const CLOSED_TYPES: ReadonlySet<string> = new Set(
  Object.entries(BY_GROUP).flatMap(([group, types]) => types.map((type) => `${group}.${type}`)),
);

/** All the values of a type, in order; none when anybody may add to them. */
export const closedValues = (name: string): readonly string[] =>
  UNTABLED[name] ?? (CLOSED_TYPES.has(name) ? enumValues(name).toSorted() : []);

import type {
  ClusterRole,
  ClusterRoleBinding,
  RoleBinding,
} from '../../../objects/kinds/rbac-authorization-k8s-io-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import { uncoveredRules } from './rules.js';

/** A Role lacks what a ClusterRole may have. */
type AnyRole = Pick<ClusterRole, 'apiVersion' | 'kind' | 'metadata' | 'rules'> &
  Partial<Pick<ClusterRole, 'aggregationRule'>>;
type AnyBinding = ClusterRoleBinding | RoleBinding;

const AUTO_UPDATE = 'rbac.authorization.kubernetes.io/autoupdate';

/** The stored role with the rules, labels and annotations that it lacks; undefined when it lacks none or is kept. */
export const withDefaultRules = <T extends AnyRole>(stored: T, wanted: T): T | undefined => {
  if (isKept(stored)) return undefined;
  const rules = (wanted.rules ?? []).filter((rule) => uncoveredRules(stored.rules ?? [], [rule]).length > 0);
  const lacksAggregation = wanted.aggregationRule !== undefined && stored.aggregationRule === undefined;
  const metadata = withMetadata(stored, wanted);
  if (rules.length === 0 && !lacksAggregation && metadata === undefined) return undefined;
  return {
    ...stored,
    metadata: metadata ?? stored.metadata,
    ...(rules.length === 0 ? {} : { rules: [...(stored.rules ?? []), ...rules] }),
    ...(lacksAggregation ? { aggregationRule: wanted.aggregationRule } : {}),
  };
};

/** The stored binding with the subjects, labels and annotations that it lacks; undefined when it lacks none or is kept. */
export const withDefaultSubjects = <T extends AnyBinding>(stored: T, wanted: T): T | undefined => {
  if (isKept(stored)) return undefined;
  const known = stored.subjects ?? [];
  const subjects = (wanted.subjects ?? []).filter(
    ({ kind, name }) => !known.some((each) => each.kind === kind && each.name === name),
  );
  const metadata = withMetadata(stored, wanted);
  if (subjects.length === 0 && metadata === undefined) return undefined;
  return { ...stored, metadata: metadata ?? stored.metadata, subjects: [...known, ...subjects] };
};

/** Administrators who change a default for good say so. */
const isKept = ({ metadata }: KubeObject): boolean => metadata.annotations?.[AUTO_UPDATE] === 'false';

const withMetadata = (stored: KubeObject, wanted: KubeObject): KubeObject['metadata'] | undefined => {
  const labels = { ...wanted.metadata.labels, ...stored.metadata.labels };
  const annotations = { ...wanted.metadata.annotations, ...stored.metadata.annotations };
  const isSame =
    size(labels) === size(stored.metadata.labels) && size(annotations) === size(stored.metadata.annotations);
  return isSame ? undefined : { ...stored.metadata, labels, annotations };
};

const size = (map: Readonly<Record<string, string>> | undefined): number => Object.keys(map ?? {}).length;

import type { Node, Taint } from '../../../objects/kinds/core-v1.js';
import { qualifiedName, validLabelValue } from '../../../objects/names.js';
import { child, duplicate, forbidden, invalid, invalidEach, item, type FieldError } from '../field-errors.js';
import { CIDR_MESSAGE, isCidr } from './addresses.js';
import { validateQuantity } from './quantities.js';
import { each, requiredOneOf } from './rules.js';

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

const validateTaints = (field: string, taints: readonly Taint[] | undefined): FieldError[] => {
  const seen = new Set<string>();
  return each(field, taints, ({ key = '', value = '', effect = '' }, path) => {
    const wrong = validLabelValue(value);
    const errors = [
      ...invalidEach(child(path, 'key'), key, qualifiedName(key)),
      ...(wrong.length === 0 ? [] : [invalid(child(path, 'value'), value, wrong.join(';'))]),
      ...requiredOneOf(child(path, 'effect'), effect, EFFECTS),
    ];
    if (seen.has(`${key}:${effect}`)) {
      const again = duplicate(path, { Key: key, Value: value, Effect: effect, TimeAdded: null });
      errors.push({ ...again, message: `${again.message}: taints must be unique by key and effect pair` });
    }
    seen.add(`${key}:${effect}`);
    return errors;
  });
};

/** Reported as of the metadata, where taints once were an annotation. */
const taintsOf = ({ spec }: Node): FieldError[] => validateTaints('metadata.taints', spec?.taints);

const validateAmounts = ({ status }: Node): FieldError[] =>
  (['capacity', 'allocatable'] as const).flatMap((list) =>
    Object.entries(status?.[list] ?? {}).flatMap(([name, value]) =>
      validateQuantity(child(child('status', list), name), name, value),
    ),
  );

const RANGES = 'spec.podCIDRs';

export const validateNode = (node: Node): FieldError[] => {
  const { podCIDRs: ranges = [] } = node.spec ?? {};
  const families = new Set(ranges.map((range) => range.includes(':')));
  return [
    ...taintsOf(node),
    ...validateAmounts(node),
    ...each(RANGES, ranges, (range, path) => (isCidr(range) ? [] : [invalid(path, range, CIDR_MESSAGE)])),
    ...(ranges.length > 1 && (families.size < 2 || ranges.length > 2)
      ? [invalid(RANGES, ranges, 'may specify no more than one CIDR for each IP family')]
      : []),
  ];
};

const RANGE_FIXED = 'node updates may not change podCIDR except from "" to valid';

/** The server looks at a node as at a new one first; not when its status is written. */
export const validateNodeUpdate = (node: Node, old: Node): FieldError[] => [
  ...validateNode(node),
  ...validateNodeChange(node, old),
];

export const validateNodeChange = (node: Node, old: Node): FieldError[] => {
  const errors = validateAmounts(node);
  const seen = new Set<string>();
  for (const [index, { type, address }] of (node.status?.addresses ?? []).entries()) {
    const key = JSON.stringify([type, address]);
    if (seen.has(key)) errors.push(duplicate(item('status.addresses', index), { Type: type, Address: address }));
    seen.add(key);
  }
  const [ranges, before] = [node.spec?.podCIDRs ?? [], old.spec?.podCIDRs ?? []];
  if (before.length > 0 && before.length !== ranges.length) errors.push(forbidden(RANGES, RANGE_FIXED));
  else
    for (const [index, range] of before.entries())
      if (range !== ranges[index]) errors.push(forbidden(RANGES, RANGE_FIXED));
  const provider = old.spec?.providerID ?? '';
  if (provider !== '' && provider !== (node.spec?.providerID ?? '')) {
    const detail = 'node updates may not change providerID except from "" to valid';
    errors.push(forbidden('spec.providerID', detail));
  }
  errors.push(...taintsOf(node));
  return (node.spec?.externalID ?? '') === (old.spec?.externalID ?? '')
    ? errors
    : [...errors, forbidden('spec.externalID', 'may not be updated')];
};

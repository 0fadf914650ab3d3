import type { Container, ContainerResizePolicy, PodSpec } from '../../../objects/kinds/core-v1.js';
import { child, duplicate, forbidden, invalid, item, required, tooMany, type FieldError } from '../field-errors.js';
import { each, oneOf, requiredOneOf } from './rules.js';

const POLICIES = ['Always', 'Never', 'OnFailure'];
const MOST_RULES = 20;
const MOST_EXIT_CODES = 255;
const UNSAID = 'must specify restartPolicy when restart rules are used';

/** When a container is started again, whatever its pod says. */
export const validateRestarts = (field: string, container: Container): FieldError[] => {
  const { restartPolicy, restartPolicyRules: rules = [] } = container;
  const errors: FieldError[] = [];
  if (restartPolicy === undefined) {
    if (rules.length === 0) return [];
    errors.push(required(child(field, 'restartPolicy'), UNSAID));
  } else errors.push(...oneOf(child(field, 'restartPolicy'), restartPolicy, POLICIES));
  const path = child(field, 'restartPolicyRules');
  if (rules.length > MOST_RULES) errors.push(tooMany(path, rules.length, MOST_RULES));
  return [
    ...errors,
    ...each(path, rules, ({ action, exitCodes }, at) => {
      const codes = child(at, 'exitCodes');
      const wrong = oneOf(child(at, 'action'), action ?? '', ['Restart']);
      if (exitCodes === undefined) return [...wrong, required(codes, 'must be specified')];
      const count = exitCodes.values?.length ?? 0;
      return [
        ...wrong,
        ...oneOf(child(codes, 'operator'), exitCodes.operator ?? '', ['In', 'NotIn']),
        ...(count > MOST_EXIT_CODES ? [tooMany(child(codes, 'values'), count, MOST_EXIT_CODES)] : []),
      ];
    }),
  ];
};

export const validateInitRestarts = (field: string, container: Container): FieldError[] => {
  const { restartPolicy, restartPolicyRules: rules = [] } = container;
  if (restartPolicy === undefined) {
    return rules.length === 0 ? [] : [required(child(field, 'restartPolicy'), UNSAID)];
  }
  if (restartPolicy !== 'Always') return validateRestarts(field, container);
  return rules.length === 0
    ? []
    : [
        forbidden(
          child(field, 'restartPolicyRules'),
          'restartPolicyRules are not allowed for init containers with restart policy Always',
        ),
      ];
};

/** Whether a change of resources restarts the container; reported for the list, not for the element. */
export const validateResizePolicy = (
  field: string,
  policies: readonly ContainerResizePolicy[] | undefined,
  ofPod: PodSpec['restartPolicy'],
): FieldError[] => {
  const seen = new Set<string>();
  return (policies ?? []).flatMap(({ resourceName = '', restartPolicy = '' }, index) => {
    const errors: FieldError[] = [];
    if (seen.has(resourceName)) errors.push(duplicate(item(field, index), resourceName));
    seen.add(resourceName);
    errors.push(
      ...requiredOneOf(field, resourceName, ['cpu', 'memory']),
      ...requiredOneOf(field, restartPolicy, ['NotRequired', 'RestartContainer']),
    );
    if (ofPod === 'Never' && restartPolicy !== 'NotRequired') {
      errors.push(invalid(field, restartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"));
    }
    return errors;
  });
};

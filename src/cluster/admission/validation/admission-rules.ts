import type { RuleWithOperations } from '../../../objects/kinds/admissionregistration-k8s-io-v1.js';
import { child, invalid, item, required, type FieldError } from '../field-errors.js';
import { each, oneOf } from './rules.js';

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];

/** A list that says `*` says nothing else. */
const alone = (field: string, list: readonly string[], others: string): FieldError[] =>
  list.length > 1 && list.includes('*')
    ? [invalid(field, list, `if '*' is present, must not specify other ${others}`)]
    : [];

const validateResources = (field: string, resources: readonly string[]): FieldError[] => {
  const errors: FieldError[] = resources.length === 0 ? [required(field)] : [];
  const [wholeOf, ofAll] = [new Set<string>(), new Set<string>()];
  let isLastPlain = false;
  for (const [index, resource] of resources.entries()) {
    const path = item(field, index);
    const slash = resource.indexOf('/');
    if (resource === '') errors.push(required(path));
    else if (slash < 0) isLastPlain = resource !== '*';
    if (slash < 0) continue;
    const [of, part] = [resource.slice(0, slash), resource.slice(slash + 1)];
    if (wholeOf.has(of)) errors.push(invalid(path, resource, `if '${of}/*' is present, must not specify ${resource}`));
    if (ofAll.has(part))
      errors.push(invalid(path, resource, `if '*/${part}' is present, must not specify ${resource}`));
    if (part === '*') wholeOf.add(of);
    if (of === '*') ofAll.add(part);
  }
  if (resources.length > 1 && resources.includes('*/*')) {
    errors.push(invalid(field, resources, "if '*/*' is present, must not specify other resources"));
  }
  if (resources.includes('*') && isLastPlain) {
    const detail = "if '*' is present, must not specify other resources without subresources";
    errors.push(invalid(field, resources, detail));
  }
  return errors;
};

/** Which requests a webhook or a policy is asked about. */
export const validateRule = (at: string, rule: RuleWithOperations): FieldError[] => {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [], scope } = rule;
  const [groupsPath, versionsPath] = [child(at, 'apiGroups'), child(at, 'apiVersions')];
  const operationsPath = child(at, 'operations');
  return [
    ...(operations.length === 0 ? [required(operationsPath)] : []),
    ...alone(operationsPath, operations, 'operations'),
    ...each(operationsPath, operations, (operation, path) => oneOf(path, operation, OPERATIONS)),
    ...(apiGroups.length === 0 ? [required(groupsPath)] : []),
    ...alone(groupsPath, apiGroups, 'API groups'),
    ...(apiVersions.length === 0 ? [required(versionsPath)] : []),
    ...alone(versionsPath, apiVersions, 'API versions'),
    ...each(versionsPath, apiVersions, (version, path) => (version === '' ? [required(path)] : [])),
    ...validateResources(child(at, 'resources'), resources),
    ...oneOf(child(at, 'scope'), scope, ['*', 'Cluster', 'Namespaced']),
  ];
};

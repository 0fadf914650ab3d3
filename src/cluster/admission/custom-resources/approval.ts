import type { CustomResourceDefinition } from '../../../objects/kinds/apiextensions-k8s-io-v1.js';

/** The annotation that says where the Kubernetes project agreed to a definition in one of its groups. */
export const APPROVED = 'api-approved.kubernetes.io';

export interface Approval {
  readonly state: 'missing' | 'bypassed' | 'approved' | 'invalid';
  readonly message: string;
}

const WHERE = 'see https://github.com/kubernetes/enhancements/pull/1111';
const NEEDED = `protected groups must have approval annotation "${APPROVED}"`;

/** Whether a definition in a group of the Kubernetes project was agreed to; undefined for all other groups. */
export const approvalOf = ({ metadata, spec }: CustomResourceDefinition): Approval | undefined => {
  if (!/(?:^|\.)(?:k8s|kubernetes)\.io$/.test(spec.group ?? '')) return undefined;
  const approval = metadata.annotations?.[APPROVED] ?? '';
  if (approval === '') return { state: 'missing', message: `${NEEDED}, ${WHERE}` };
  if (approval.startsWith('unapproved'))
    return { state: 'bypassed', message: `not approved: ${JSON.stringify(approval)}` };
  if (/^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^/?#]+/.test(approval))
    return { state: 'approved', message: `approved in ${approval}` };
  const message = `${NEEDED} with either a URL or a reason starting with "unapproved", ${WHERE}`;
  return { state: 'invalid', message };
};

import { setCondition, type Condition } from '../../../objects/conditions.js';
import type { FlowSchema } from '../../../objects/kinds/flowcontrol-apiserver-k8s-io-v1.js';

/** The schema with a condition that says whether the priority level is there that it names. */
export const withDangling = (schema: FlowSchema, isThere: boolean, at: string): FlowSchema => {
  const level = schema.spec?.priorityLevelConfiguration.name ?? '';
  const about = `This FlowSchema references the PriorityLevelConfiguration object named "${level}"`;
  const condition = isThere
    ? { type: 'Dangling', status: 'False', reason: 'Found', message: `${about} and it exists` }
    : { type: 'Dangling', status: 'True', reason: 'NotFound', message: `${about} but there is no such object` };
  return {
    ...schema,
    status: { conditions: setCondition((schema.status?.conditions ?? []) as readonly Condition[], condition, at) },
  };
};

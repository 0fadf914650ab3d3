import { timestamp } from '../../../objects/conditions.js';
import { FlowSchema, PriorityLevelConfiguration } from '../../../objects/kinds/flowcontrol-apiserver-k8s-io-v1.js';
import { keyOf } from '../../../objects/object.js';
import type { Controller } from '../../client/controller.js';
import { DONE, watchSelf } from '../../client/controller.js';
import type { ControllerDeps } from '../controller-deps.js';
import { isSemanticallyEqual } from '../semantic-equality.js';
import { withDangling } from './dangling-condition.js';

/** Says of each FlowSchema whether its priority level is there. Nothing is limited by them. */
export const createFlowSchemaController = ({ client, informers, clock }: ControllerDeps): Controller => {
  const schemas = informers.informer(FlowSchema);
  const levels = informers.informer(PriorityLevelConfiguration);
  return {
    name: 'flow-schema',
    watches: [
      watchSelf(FlowSchema),
      {
        kind: PriorityLevelConfiguration,
        keys: ({ metadata }) =>
          schemas
            .list()
            .filter(({ spec }) => spec?.priorityLevelConfiguration.name === metadata.name)
            .map(keyOf),
      },
    ],
    reconcile: async (key) => {
      const schema = schemas.get(key);
      if (schema === undefined) return DONE;
      const level = schema.spec?.priorityLevelConfiguration.name ?? '';
      const wanted = withDangling(schema, levels.get({ name: level }) !== undefined, timestamp(clock.now()));
      if (!isSemanticallyEqual(wanted.status, schema.status)) await client.updateStatus(wanted);
      return DONE;
    },
  };
};

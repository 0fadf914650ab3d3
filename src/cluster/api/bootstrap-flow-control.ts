import { FlowSchema, PriorityLevelConfiguration } from '../../objects/kinds/flowcontrol-apiserver-k8s-io-v1.js';
import { jsonEquals } from '../../objects/json.js';
import { bootstrapPolicy } from '../../objects/schema/bootstrap-policy.js';
import { timestamp } from '../../objects/conditions.js';
import type { Clock } from '../../objects/clock.js';
import { withDangling } from '../controllers/flow-control/dangling-condition.js';
import type { Client } from '../client/client.js';

const AUTO_UPDATE = 'apf.kubernetes.io/autoupdate-spec';

/** What is always as Kubernetes makes it, whatever its annotation says. */
const MANDATORY: ReadonlySet<string> = new Set(['catch-all', 'exempt']);

interface Entry {
  readonly name: string;
  readonly spec: object;
}

type Configuration = FlowSchema | PriorityLevelConfiguration;

/** Makes the default configuration of priority and fairness, and gives that which may follow it its contents back. */
export const createFlowControl = async (client: Client, clock: Clock): Promise<void> => {
  const policy = bootstrapPolicy();
  const levels = policy.priorityLevels as readonly Entry[];
  const schemas = policy.flowSchemas as readonly Entry[];
  await Promise.all(levels.map((entry) => ensure(client, { ...PriorityLevelConfiguration, ...objectOf(entry) })));
  await Promise.all(
    schemas.map(async (entry) => {
      const made = await ensure(client, { ...FlowSchema, ...objectOf(entry) });
      if (made !== undefined) await client.updateStatus(withDangling(made as FlowSchema, true, timestamp(clock.now())));
    }),
  );
};

const objectOf = ({ name, spec }: Entry) => ({
  metadata: { name, annotations: { [AUTO_UPDATE]: 'true' } },
  spec: spec as never,
});

const ensure = async (client: Client, wanted: Configuration): Promise<Configuration | undefined> => {
  const { name } = wanted.metadata;
  const stored = await client.get<Configuration>(wanted, { name });
  if (stored === undefined) return client.create<Configuration>(wanted);
  const follows = MANDATORY.has(name) || stored.metadata.annotations?.[AUTO_UPDATE] === 'true';
  if (follows && !jsonEquals(stored.spec, wanted.spec)) await client.update({ ...stored, spec: wanted.spec });
  return undefined;
};

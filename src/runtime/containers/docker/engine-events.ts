import type Docker from 'dockerode';
import type { Logger } from 'pino';
import type { Clock } from '../../../objects/clock.js';
import type { RuntimeEvent } from '../container-runtime.js';
import { INSTANCE_LABEL, parseLabels, TYPE_LABEL } from './container-labels.js';
import { jsonMessages } from './json-messages.js';

interface EngineEvent {
  readonly Action?: string;
  readonly timeNano?: number;
  readonly Actor?: { readonly ID?: string; readonly Attributes?: Readonly<Record<string, string>> };
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5000;

const CONTAINER_EVENTS = new Map<string, RuntimeEvent['type']>([
  ['start', 'containerStarted'],
  ['die', 'containerExited'],
  ['destroy', 'containerRemoved'],
]);

/** What an event of the engine means for pods; undefined for what does not matter. */
export const runtimeEventOf = (event: EngineEvent): RuntimeEvent | undefined => {
  const attributes = event.Actor?.Attributes ?? {};
  const id = event.Actor?.ID;
  if (id === undefined) return undefined;
  if (attributes[TYPE_LABEL] === 'podsandbox') {
    if (event.Action === 'die') return { type: 'sandboxExited', sandboxId: id };
    return event.Action === 'destroy' ? { type: 'sandboxRemoved', sandboxId: id } : undefined;
  }
  const { sandboxId } = parseLabels(attributes);
  const type = event.Action === undefined ? undefined : CONTAINER_EVENTS.get(event.Action);
  return type === undefined ? undefined : { type, sandboxId, containerId: id };
};

/**
 * Events of this instance's containers until the signal fires. When the connection breaks (the engine was restarted),
 * it is made again with backoff, from the last event on.
 */
export async function* engineEvents(
  docker: Docker,
  instance: string,
  clock: Clock,
  log: Logger,
  signal: AbortSignal,
): AsyncGenerator<RuntimeEvent> {
  let since = `${Math.floor(clock.now() / 1000)}.${String(clock.now() % 1000).padStart(3, '0')}000000`;
  let last = 0;
  let wait = FIRST_WAIT_MS;
  while (!signal.aborted) {
    try {
      const filters = { type: ['container'], label: [`${INSTANCE_LABEL}=${instance}`] };
      // The engine takes fractions of seconds as text; the client's types know whole numbers only.
      const from = since as unknown as number;
      const source = await docker.getEvents({ filters: JSON.stringify(filters), since: from, abortSignal: signal });
      for await (const message of jsonMessages(source)) {
        wait = FIRST_WAIT_MS;
        const event = message as EngineEvent;
        const time = event.timeNano ?? 0;
        // The last event comes again after a reconnect.
        if (time <= last) continue;
        last = time;
        since = `${Math.floor(time / 1e9)}.${String(time % 1e9).padStart(9, '0')}`;
        const meaning = runtimeEventOf(event);
        if (meaning !== undefined) yield meaning;
      }
    } catch (error) {
      if (signal.aborted) return;
      log.warn({ error }, 'lost the events of the container engine; connecting again');
    }
    await clock.sleep(wait, signal).catch(() => undefined);
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }
}

import assert from 'node:assert/strict';
import type {
  Container,
  ContainerRuntime,
  RuntimeEvent,
  Sandbox,
} from '../../../src/runtime/containers/container-runtime.js';
import { EventHub } from '../../../src/runtime/containers/event-hub.js';
import { RuntimeView } from '../../../src/runtime/kubelet/runtime-view.js';
import { ManualClock, settled } from '../../cluster/client/manual-clock.js';
import { run, sandbox } from './pods.js';
import { log } from './test-cluster.js';

const UID = 'io.kubernetes.pod.uid';

const make = () => {
  const clock = new ManualClock();
  const events = new EventHub<RuntimeEvent>();
  const state = { sandboxes: [sandbox()] as Sandbox[], containers: [] as Container[], inspected: 0, fails: false };
  const runtime = {
    listPodSandboxes: () => (state.fails ? Promise.reject(new Error('down')) : Promise.resolve([...state.sandboxes])),
    listContainers: () => Promise.resolve([...state.containers]),
    containerStatus: (id: string) => {
      state.inspected += 1;
      return Promise.resolve(state.containers.find((each) => each.id === id));
    },
    events: (signal: AbortSignal) => events.listen(signal),
  } as unknown as ContainerRuntime;
  const stop = new AbortController();
  const view = new RuntimeView({ runtime, clock, log });
  const changed: string[] = [];
  view.onChange((podUid) => changed.push(podUid));
  return { clock, events, state, view, changed, stop, signal: stop.signal };
};

const labelled = (container: Container): Container => ({ ...container, labels: { [UID]: 'u' } });

describe('RuntimeView', () => {
  it('lists at the start, and again every ten seconds', async () => {
    const { clock, state, view, changed, stop, signal } = make();
    await view.start(signal);
    assert.equal(view.sandboxes().length, 1);
    changed.length = 0;
    state.containers = [labelled(run('c'))];
    await clock.advance(9999);
    assert.deepEqual(changed, []);
    await clock.advance(1);
    assert.deepEqual(changed, ['u']);
    assert.deepEqual(
      (await view.observe('u', signal)).containers.map(({ id }) => id),
      ['c-0'],
    );
    stop.abort();
  });

  it('tells of events at once', async () => {
    const { events, state, view, changed, stop, signal } = make();
    state.containers = [labelled(run('c'))];
    await view.start(signal);
    changed.length = 0;
    events.emit({ type: 'containerExited', sandboxId: 's0', containerId: 'c-0' });
    await settled();
    assert.deepEqual(changed, ['u']);
    state.sandboxes = [sandbox(0, 'notReady')];
    events.emit({ type: 'sandboxExited', sandboxId: 's0' });
    await settled();
    assert.equal((await view.observe('u', signal)).sandboxes[0]?.state, 'notReady');
    stop.abort();
  });

  it('keeps what was made while a listing was under way', async () => {
    const { view, stop, signal } = make();
    await view.start(signal);
    const listing = view.relist(signal);
    view.addSandbox(sandbox(1));
    await listing;
    assert.equal(view.sandboxes().length, 2);
    await view.relist(signal);
    assert.equal(view.sandboxes().length, 1);
    stop.abort();
  });

  it('asks once about a container that has ended', async () => {
    const { state, view, stop, signal } = make();
    state.containers = [labelled(run('c', { exitCode: 0 }))];
    await view.start(signal);
    await view.observe('u', signal);
    await view.observe('u', signal);
    assert.equal(state.inspected, 1);
    stop.abort();
  });

  it('says whether the runtime answers, and waits for it at the start', async () => {
    const { clock, state, view, stop, signal } = make();
    state.fails = true;
    const started = view.start(signal);
    await clock.advance(5000);
    assert.equal(view.healthy, false);
    state.fails = false;
    await clock.advance(1000);
    await started;
    assert.equal(view.healthy, true);
    stop.abort();
  });
});

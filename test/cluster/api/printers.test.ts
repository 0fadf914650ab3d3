import assert from 'node:assert/strict';
import type { Pod } from '../../../src/objects/kinds/core-v1.js';
import { humanDuration } from '../../../src/cluster/api/printers/age.js';
import { findByPath } from '../../../src/cluster/api/printers/json-path.js';
import { podPrinter } from '../../../src/cluster/api/printers/pods.js';

describe('humanDuration', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0s'],
    [119, '119s'],
    [120, '2m'],
    [125, '2m5s'],
    [600, '10m'],
    [3 * 3600 - 1, '179m'],
    [3 * 3600, '3h'],
    [3 * 3600 + 60, '3h1m'],
    [8 * 3600, '8h'],
    [47 * 3600, '47h'],
    [48 * 3600, '2d'],
    [49 * 3600, '2d1h'],
    [8 * 86_400, '8d'],
    [729 * 86_400, '729d'],
    [730 * 86_400, '2y'],
    [731 * 86_400, '2y1d'],
    [8 * 365 * 86_400, '8y'],
    [-5, '<invalid>'],
  ];
  for (const [seconds, text] of cases) {
    it(`prints ${seconds} seconds as ${text}`, () => assert.equal(humanDuration(seconds * 1000), text));
  }
});

describe('the printer of pods', () => {
  const now = Date.parse('2026-01-01T01:00:00Z');
  const pod = (status: object, spec: object = {}, metadata: object = {}): Pod =>
    ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', creationTimestamp: '2026-01-01T00:00:00Z', ...metadata },
      spec: { containers: [{ name: 'a' }, { name: 'b' }], ...spec },
      status,
    }) as Pod;
  const running = { ready: true, restartCount: 0, state: { running: {} } };
  const exited = (reason: string, exitCode: number) => ({
    ready: false,
    restartCount: 0,
    state: { terminated: { reason, exitCode } },
  });
  const cells = (each: Pod): unknown[] => podPrinter.cells(each, now).slice(1, 4);
  const deleted = { deletionTimestamp: '2026-01-01T00:59:00Z' };

  const cases: readonly (readonly [string, Pod, readonly unknown[]])[] = [
    ['that waits for a node', pod({ phase: 'Pending' }), ['0/2', 'Pending', '0']],
    ['that runs', pod({ phase: 'Running', containerStatuses: [running, running] }), ['2/2', 'Running', '0']],
    [
      'that crashes',
      pod({
        phase: 'Running',
        containerStatuses: [
          {
            ...running,
            ready: false,
            restartCount: 3,
            state: { waiting: { reason: 'CrashLoopBackOff' } },
            lastState: { terminated: { finishedAt: '2026-01-01T00:58:00Z' } },
          },
          running,
        ],
      }),
      ['1/2', 'CrashLoopBackOff', '3 (2m ago)'],
    ],
    [
      'that is done',
      pod({ phase: 'Succeeded', containerStatuses: [exited('Completed', 0), exited('Completed', 0)] }),
      ['0/2', 'Completed', '0'],
    ],
    [
      'of which half is done',
      pod({ phase: 'Running', containerStatuses: [exited('Completed', 0), running] }),
      ['1/2', 'NotReady', '0'],
    ],
    [
      'that initializes',
      pod(
        {
          phase: 'Pending',
          initContainerStatuses: [{ name: 'i', ready: false, restartCount: 0, state: { running: {} } }],
        },
        { initContainers: [{ name: 'i' }] },
      ),
      ['0/2', 'Init:0/1', '0'],
    ],
    [
      'whose initialization failed',
      pod(
        {
          phase: 'Pending',
          initContainerStatuses: [{ name: 'i', ready: false, restartCount: 1, state: { terminated: { exitCode: 2 } } }],
        },
        { initContainers: [{ name: 'i' }] },
      ),
      ['0/2', 'Init:ExitCode:2', '1'],
    ],
    [
      'that is killed',
      pod({
        phase: 'Failed',
        containerStatuses: [{ ...exited('', 137), state: { terminated: { exitCode: 137, signal: 9 } } }],
      }),
      ['0/2', 'Signal:9', '0'],
    ],
    [
      'that is going',
      pod({ phase: 'Running', containerStatuses: [running, running] }, {}, deleted),
      ['2/2', 'Terminating', '0'],
    ],
    ['of a lost node', pod({ phase: 'Running', reason: 'NodeLost' }, {}, deleted), ['0/2', 'Unknown', '0']],
    [
      'that is gated',
      pod({ phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] }),
      ['0/2', 'SchedulingGated', '0'],
    ],
  ];
  for (const [what, each, expected] of cases) {
    it(`prints one ${what}`, () => assert.deepEqual(cells(each), expected));
  }
});

describe('findByPath', () => {
  const object = {
    spec: { list: [{ name: 'a', on: true }, { name: 'b' }], 'dotted.key': 1 },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  };
  const cases: readonly (readonly [string, readonly unknown[]])[] = [
    ['.spec.list[0].name', ['a']],
    ['.spec.list[*].name', ['a', 'b']],
    ['.spec.list[-1].name', ['b']],
    ['.spec.list[0:1].name', ['a']],
    ['.status.conditions[?(@.type=="Ready")].status', ['True']],
    [".status.conditions[?(@.type=='None')].status", []],
    ['.spec.list[?(@.on)].name', ['a']],
    [String.raw`.spec.dotted\.key`, [1]],
    [".spec['dotted.key']", [1]],
    ['.spec.none.deeper', []],
    ['.spec[', []],
    ['.__proto__', []],
  ];
  for (const [path, found] of cases)
    it(`finds ${found.length} at ${path}`, () => assert.deepEqual(findByPath(object, path), found));
});

import assert from 'node:assert/strict';
import { detectRuntime } from '../../src/runtime/containers/choose-runtime.js';
import { skipWithout } from '../components/components.js';
import { fairlead } from './fairlead.js';

const PORTS = ['--api-port', '0', '--web-port', '0', '--ingress-port', '0'];
const EXPECTED = [
  /Start the server/,
  /Serve examples\/repo as a Git repository/,
  /cloned [0-9a-f]{7}, rendered \d+ manifests/,
  /shop\.localhost.*Welcome aboard.*version 1/,
  /greeter\.localhost.*Ahoy, world!/,
  /shop\.localhost.*version 2/,
  /quarantined [0-9a-f]{7}: \S+/,
  /shop\.localhost.*version 3/,
  /\d+ visits answered, none failed/,
  /Every step was reached in \d+\.\d s/,
];

describe('the demonstration', function () {
  this.timeout(180_000);

  const runsOn = async (runtime: string): Promise<void> => {
    const { status, stdout, stderr } = await fairlead(['demo', '--exit', '--runtime', runtime, ...PORTS], 170_000);
    assert.equal(status, 0, `${stdout}\n${stderr}`);
    for (const pattern of EXPECTED) assert.match(stdout, pattern);
  };

  it('reaches every step on plain processes', async () => {
    await runsOn('process');
  });

  it('reaches every step on a Docker engine', async function () {
    const engine = await detectRuntime('auto');
    if (engine.name !== 'docker') skipWithout(this, 'a Docker engine', 'install docker.io and start dockerd');
    await runsOn('docker');
  });
});

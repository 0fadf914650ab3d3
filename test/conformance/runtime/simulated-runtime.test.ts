import { systemClock } from '../../../src/objects/clock.js';
import { createSimulatedRuntime } from '../../../src/runtime/containers/simulated/simulated-runtime.js';
import { describeRuntime } from './runtime-contract.js';

describeRuntime('simulated', { executes: false, terminals: false, images: false }, () =>
  Promise.resolve({
    make: () => Promise.resolve(createSimulatedRuntime({ clock: systemClock })),
    image: 'anything:1',
  }),
);

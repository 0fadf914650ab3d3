import { systemClock } from '../../../src/objects/clock.js';
import { createProcessRuntime } from '../../../src/runtime/containers/process/process-runtime.js';
import { log } from '../../runtime/kubelet/test-cluster.js';
import { describeKubelet } from './kubelet-contract.js';

describeKubelet('process', () =>
  Promise.resolve({
    make: (folder) => createProcessRuntime({ root: `${folder}/runtime`, clock: systemClock, log }),
    image: 'anything:1',
    limitsMemory: false,
  }),
);

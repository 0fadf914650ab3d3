import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv, stdout } from 'node:process';
import pino from 'pino';
import { systemClock } from '../../../src/objects/clock.js';
import { createProcessRuntime } from '../../../src/runtime/containers/process/process-runtime.js';
import { containerConfig, sandboxConfig, signal } from './runtime-contract.js';

/** An operator that starts one container, says which, and waits to be killed. */
const root = argv[2] ?? '';
const runtime = createProcessRuntime({ root, clock: systemClock, log: pino({ level: 'silent' }) });
const config = sandboxConfig();
const { id: sandboxId } = await runtime.runPodSandbox(config, signal);
const command = ['sh', '-c', 'trap "echo bye; exit 0" TERM; echo up; while :; do sleep 0.2; echo on; done'];
const id = await runtime.createContainer(sandboxId, containerConfig('x', command), config, signal);
await runtime.startContainer(id, signal);
const { pid } = JSON.parse(readFileSync(join(root, 'containers', id, 'state.json'), 'utf8')) as { pid: number };
stdout.write(`${JSON.stringify({ id, pid })}\n`);
setInterval(() => undefined, 1000);

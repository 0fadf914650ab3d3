/**
 * Asks the cluster that FAIRLEAD_KUBE_APISERVER (a kubeconfig) names, and writes its replies into the record files:
 *
 *     node --import tsx test/conformance/kube-apiserver/record.ts [topic]
 *
 * With `compare FILE...` nothing is written: cases (replies or not) are put to that cluster and to Fairlead in this
 * process, and the replies that differ are printed, one JSON value a line.
 */
import { writeFileSync } from 'node:fs';
import { argv, env, exit, stderr, stdout } from 'node:process';
import { isDeepStrictEqual } from 'node:util';
import { play } from './play.js';
import { readDocument, readRecords, recordFiles, recordPath, type Reply } from './records.js';
import { serverOf, startFairlead, type Server } from './servers.js';

const record = async (real: Server, file: string): Promise<void> => {
  const path = recordPath(file);
  const document = readDocument(path);
  const { bases, cases } = readRecords(path);
  for (const [at, { name, steps }] of cases.entries()) {
    const replies = await play(real, { name, steps }, bases);
    // Undefined values of `only` must not become nulls.
    for (const [index, reply] of replies.entries()) {
      document.setIn(['cases', at, 'steps', index, 'reply'], document.createNode(JSON.parse(JSON.stringify(reply))));
    }
  }
  writeFileSync(path, document.toString({ lineWidth: 0, flowCollectionPadding: false }));
  stdout.write(`${file}: ${cases.length} cases\n`);
};

const compare = async (real: Server, paths: readonly string[]): Promise<void> => {
  const own = await startFairlead();
  let [steps, different] = [0, 0];
  for (const path of paths) {
    const { bases, cases } = readRecords(path);
    for (const one of cases) {
      const [wanted, found] = await Promise.all([play(real, one, bases), play(own, one, bases)]);
      for (const [index, step] of one.steps.entries()) {
        steps++;
        const [kube, fairlead] = [plain(wanted[index]), plain(found[index])];
        if (isDeepStrictEqual(kube, fairlead)) continue;
        different++;
        stdout.write(`${JSON.stringify({ name: one.name, step: index, request: step.request, kube, fairlead })}\n`);
      }
    }
  }
  stderr.write(`${steps} requests, ${steps - different} equal, ${different} different\n`);
  await own.stop();
};

const plain = (reply: Reply | undefined): unknown => JSON.parse(JSON.stringify(reply)) as unknown;

const kubeconfig = env['FAIRLEAD_KUBE_APISERVER'];
if (kubeconfig === undefined) {
  stderr.write('FAIRLEAD_KUBE_APISERVER names no kubeconfig\n');
  exit(2);
}
const real = await serverOf(kubeconfig);
const [, , first, ...rest] = argv;
if (first === 'compare') await compare(real, rest);
else for (const file of recordFiles(first)) await record(real, file);
await real.stop();

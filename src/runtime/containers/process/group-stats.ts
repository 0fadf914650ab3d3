import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { platform } from 'node:process';
import { promisify } from 'node:util';

/** CPU time since the start and memory in use of all processes of a group. */
export interface GroupUsage {
  readonly cpuNanoseconds: number;
  readonly memoryBytes: number;
}

/** Linux counts CPU time in hundredths of a second for programs, on every architecture. */
const NANOSECONDS_A_TICK = 10_000_000;
const PAGE_BYTES = 4096;

/** Usage by process group, of every group on the machine. */
export const groupUsage = (): Promise<ReadonlyMap<number, GroupUsage>> =>
  platform === 'linux' ? fromProc() : fromPs();

const add = (groups: Map<number, GroupUsage>, group: number, cpuNanoseconds: number, memoryBytes: number): void => {
  const sum = groups.get(group);
  groups.set(group, {
    cpuNanoseconds: (sum?.cpuNanoseconds ?? 0) + cpuNanoseconds,
    memoryBytes: (sum?.memoryBytes ?? 0) + memoryBytes,
  });
};

const fromProc = async (): Promise<ReadonlyMap<number, GroupUsage>> => {
  const groups = new Map<number, GroupUsage>();
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields.length < 22) continue;
    // utime, stime, and those of children that were waited for; resident pages.
    const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0);
    add(groups, Number(fields[2]), ticks * NANOSECONDS_A_TICK, Number(fields[21]) * PAGE_BYTES);
  }
  return groups;
};

/** `ps` prints `[[dd-]hh:]mm:ss[.cc]`. */
export const cpuSeconds = (time: string): number => {
  const [days, clock] = time.includes('-') ? time.split('-') : ['0', time];
  return (clock ?? '').split(':').reduce((sum, part) => sum * 60 + Number(part), 0) + Number(days) * 86_400;
};

const fromPs = async (): Promise<ReadonlyMap<number, GroupUsage>> => {
  const { stdout } = await promisify(execFile)('ps', ['-axo', 'pgid=,rss=,time=']);
  const groups = new Map<number, GroupUsage>();
  for (const line of stdout.trim().split('\n')) {
    const [group, kibibytes, time = '0'] = line.trim().split(/\s+/);
    add(groups, Number(group), Math.round(cpuSeconds(time) * 1e9), Number(kibibytes) * 1024);
  }
  return groups;
};

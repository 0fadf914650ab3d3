import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import tar from 'tar-stream';
import { RuntimeFailure } from '../container-runtime.js';
import { statusCodeOf } from './engine-errors.js';

/** The image of sandboxes: made on the spot from the bytes below, so nothing is pulled. */
export const SANDBOX_IMAGE = 'fairlead.dev/sandbox:1';

interface Program {
  /** `e_machine` of the ELF header. */
  readonly machine: number;
  readonly code: Uint8Array;
}

/** Little-endian 32-bit instructions as bytes. */
const words = (...instructions: readonly number[]): Uint8Array => {
  const bytes = Buffer.alloc(instructions.length * 4);
  instructions.forEach((instruction, index) => bytes.writeUInt32LE(instruction, index * 4));
  return bytes;
};

/** Programs that wait for signals and do nothing else. Keys as the engine names architectures. */
const PROGRAMS: Readonly<Record<string, Program>> = {
  // mov eax, 34 (pause); syscall; jmp to the start
  amd64: { machine: 0x3e, code: Uint8Array.of(0xb8, 34, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7) },
  // mov x8, 73 (ppoll); x0 to x4 = 0; svc 0; b to the start
  arm64: {
    machine: 0xb7,
    code: words(0xd2800928, 0xd2800000, 0xd2800001, 0xd2800002, 0xd2800003, 0xd2800004, 0xd4000001, 0x17fffff9),
  },
};

const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const LOAD_ADDRESS = 0x400000n;

/**
 * A static executable (64-bit ELF) of one segment that waits for signals: 129 bytes on amd64, 152 on arm64. Throws
 * RuntimeFailure `unsupported` for other architectures.
 */
export const waitingExecutable = (architecture: string): Uint8Array => {
  const program = PROGRAMS[architecture];
  if (program === undefined) {
    const known = Object.keys(PROGRAMS).join(' and ');
    throw new RuntimeFailure('unsupported', `sandboxes are made for ${known}; this engine runs on ${architecture}`);
  }
  const start = HEADER_BYTES + PROGRAM_HEADER_BYTES;
  const size = BigInt(start + program.code.length);
  const file = Buffer.alloc(Number(size));
  // Identification: magic number, 64 bits, little-endian, version 1, System V.
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0], 0);
  file.writeUInt16LE(2, 16); // type: executable
  file.writeUInt16LE(program.machine, 18);
  file.writeUInt32LE(1, 20); // version
  file.writeBigUInt64LE(LOAD_ADDRESS + BigInt(start), 24); // entry
  file.writeBigUInt64LE(BigInt(HEADER_BYTES), 32); // program headers' offset
  file.writeUInt16LE(HEADER_BYTES, 52);
  file.writeUInt16LE(PROGRAM_HEADER_BYTES, 54);
  file.writeUInt16LE(1, 56); // one program header
  file.writeUInt16LE(HEADER_BYTES, 58); // size of a section header, of which there are none
  file.writeUInt32LE(1, HEADER_BYTES); // loadable
  file.writeUInt32LE(5, HEADER_BYTES + 4); // readable, executable
  file.writeBigUInt64LE(LOAD_ADDRESS, HEADER_BYTES + 16); // virtual address
  file.writeBigUInt64LE(LOAD_ADDRESS, HEADER_BYTES + 24); // physical address
  file.writeBigUInt64LE(size, HEADER_BYTES + 32);
  file.writeBigUInt64LE(size, HEADER_BYTES + 40);
  file.writeBigUInt64LE(0x1000n, HEADER_BYTES + 48); // alignment
  file.set(program.code, start);
  return file;
};

/** The sandbox image's id, after making the image when the engine does not have it. */
export const ensureSandboxImage = async (docker: Docker, signal: AbortSignal): Promise<string> => {
  const present = await imageId(docker);
  if (present !== undefined) return present;
  const { Arch: architecture } = await docker.version();
  const pack = tar.pack();
  pack.entry({ name: 'wait', mode: 0o755, mtime: new Date(0) }, Buffer.from(waitingExecutable(architecture)));
  pack.finalize();
  const [repo, tag] = SANDBOX_IMAGE.split(':');
  // Buffered: an image of two kilobytes needs no chunked upload, which some proxies in front of engines refuse.
  const archive = Buffer.concat(await Readable.from(pack).toArray());
  const progress = await docker.importImage(Readable.from([archive]), {
    repo,
    tag,
    changes: ['ENTRYPOINT ["/wait"]'],
    abortSignal: signal,
  });
  await Readable.from(progress).toArray();
  const made = await imageId(docker);
  if (made === undefined)
    throw new RuntimeFailure('create-failed', `the engine did not keep the image ${SANDBOX_IMAGE}`);
  return made;
};

const imageId = async (docker: Docker): Promise<string | undefined> => {
  try {
    return (await docker.getImage(SANDBOX_IMAGE).inspect()).Id;
  } catch (error) {
    if (statusCodeOf(error) === 404) return undefined;
    throw error;
  }
};

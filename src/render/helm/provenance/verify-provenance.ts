import { nodeCrypto } from '../../builtin-modules.js';
import { ChartError } from '../chart/chart-error.js';
import { StructReader } from '../chart/decode-struct.js';
import { decodeYaml } from '../chart/read-metadata.js';
import { goQuote } from '../template/quote.js';
import { readClearSigned } from './clear-signed.js';
import { readKeyring, requireSigner } from './signer.js';

export interface SignedArchive {
  readonly archive: Uint8Array;
  /** The file beside the archive: `NAME.tgz.prov`. */
  readonly provenance: Buffer;
  /** Name of the archive, as it was signed. */
  readonly fileName: string;
  /** What `gpg --export` writes. */
  readonly keyring: Uint8Array;
}

/** Requires that a key of the ring signed the archive, as `helm verify` does. Throws ChartError with Helm's text. */
export const verifyProvenance = async ({ archive, provenance, fileName, keyring }: SignedArchive): Promise<void> => {
  const keys = await readKeyring(keyring);
  const block = readClearSigned(provenance);
  await requireSigner(block, keys);
  const wanted = sumsIn(block.text).get(fileName);
  if (wanted === undefined) {
    throw new ChartError(`provenance does not contain a SHA for a file named ${goQuote(fileName)}`);
  }
  const found = `sha256:${nodeCrypto().createHash('sha256').update(archive).digest('hex')}`;
  if (wanted !== found) {
    throw new ChartError(`sha256 sum does not match for ${fileName}: ${goQuote(wanted)} != ${goQuote(found)}`);
  }
};

/** The text has Chart.yaml and, behind it, the sums of files. */
const sumsIn = (text: string): ReadonlyMap<string, string> => {
  const [, sums] = `${text}\n`.split('\n...\n');
  if (sums === undefined) throw new ChartError('message block must have at least two parts');
  return decodeYaml(sums, (value) => new StructReader('provenance.SumCollection', value).textMap('files'));
};

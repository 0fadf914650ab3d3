import { ChartError } from '../chart/chart-error.js';
import { StructReader } from '../chart/decode-struct.js';
import { decodeYaml } from '../chart/read-metadata.js';

/** What Helm looks at in a document. */
export interface Head {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly annotations: ReadonlyMap<string, string>;
}

const TYPE = 'util.SimpleHead';

/** Reads the head of a document. Throws ChartError where it is no YAML, or no object. */
export const readHead = (template: string, content: string): Head => {
  try {
    return decodeYaml(content, (value) => {
      const fields = new StructReader(TYPE, value);
      const metadata = new StructReader('', fields.object('metadata'), 'metadata.');
      return {
        apiVersion: fields.text('apiVersion'),
        kind: fields.text('kind'),
        name: metadata.text('name'),
        annotations: metadata.textMap('annotations'),
      };
    });
  } catch (error) {
    if (error instanceof ChartError) throw new ChartError(`YAML parse error on ${template}: ${error.message}`);
    throw error;
  }
};

import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { templateCommand } from '../../../src/cli/commands/template.js';
import { templateText } from '../../../src/cli/template/run-template.js';
import type { TemplateOptions } from '../../../src/cli/template/template-options.js';

export const CHARTS = fileURLToPath(new URL('./charts/', import.meta.url));
export const EXPRESSIONS = fileURLToPath(new URL('./expressions/', import.meta.url));

/**
 * What a render printed, or why it was refused, and the lines that were said beside it: sorted, because helm says what it
 * finds in maps in a random order.
 */
export type Outcome = ({ readonly output: string } | { readonly refusal: string }) & {
  readonly said: readonly string[];
};

export interface Case {
  readonly chart: string;
  readonly valueFiles?: readonly string[];
  readonly flags?: readonly string[];
}

const HINT = '\n\nUse --debug flag to render out invalid YAML';

const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .sort();

const refusalIn = (text: string): Outcome => {
  const at = text.search(/^Error: /m);
  const refusal = (at < 0 ? text : text.slice(at + 'Error: '.length)).replace(`${HINT}\n`, '').trim();
  return { refusal, said: linesOf(text.slice(0, Math.max(at, 0))) };
};

/** Renders with the real helm. */
export const runHelm = (helm: string, { chart, valueFiles = [], flags = [] }: Case): Promise<Outcome> => {
  const args = [
    'template',
    'release',
    chart,
    '--namespace',
    'space',
    '--include-crds',
    ...valueFiles.flatMap((file) => ['-f', file]),
    ...flags,
  ];
  return new Promise((resolve) => {
    execFile(
      helm,
      args,
      { maxBuffer: 256 * 1024 * 1024, env: { ...process.env, TZ: 'UTC' } },
      (error, stdout, stderr) => {
        resolve(error === null ? { output: stdout, said: linesOf(stderr) } : refusalIn(stderr));
      },
    );
  });
};

/** Renders with Fairlead, as the command does, in this process. */
export const runFairlead = async ({ chart, valueFiles = [], flags = [] }: Case): Promise<Outcome> => {
  const command = templateCommand();
  command.parseOptions([
    '--namespace',
    'space',
    '--include-crds',
    ...valueFiles.flatMap((file) => ['-f', file]),
    ...flags,
  ]);
  const said: string[] = [];
  const hear = (line: string): void => void said.push(line);
  try {
    const output = await templateText(['release', chart], command.opts<TemplateOptions>(), hear);
    return { output, said: said.sort() };
  } catch (error) {
    // By name: the test runner loads modules that are imported late a second time.
    if (error instanceof Error && /^(ChartError|RenderFailure|FileTreeError)$/.test(error.name))
      return { refusal: error.message.trim(), said: said.sort() };
    throw error;
  }
};

export interface Expression {
  readonly text: string;
  /** Helm refuses it. */
  readonly isRefused: boolean;
}

/** The lines of a file of expressions: those with `!` in front are refused. */
export const readExpressions = async (file: string): Promise<Expression[]> =>
  (await readFile(join(EXPRESSIONS, file), 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) =>
      line.startsWith('!') ? { text: line.slice(1), isRefused: true } : { text: line, isRefused: false },
    );

/** A chart of its own in a temporary folder: each expression in a document, encoded so that it is always YAML. */
export const withExpressionChart = async <T>(
  expressions: readonly string[],
  use: (chart: string) => Promise<T>,
): Promise<T> => {
  const folder = join(tmpdir(), `fairlead-expressions-${process.pid}-${Math.random().toString(36).slice(2)}`);
  const chart = join(folder, 'corpus');
  try {
    await cp(join(CHARTS, 'corpus'), chart, { recursive: true });
    await mkdir(join(chart, 'templates'), { recursive: true });
    for (const [i, text] of expressions.entries()) {
      const name = `line-${String(i + 1).padStart(3, '0')}`;
      const isDefinition = /\{\{-?\s*(define|block)/.test(text);
      const body = isDefinition
        ? text.replace('"line-', `"${name}-`).replaceAll(/(template|include) "line-/g, `$1 "${name}-`)
        : text;
      await writeFile(
        join(chart, 'templates', `${name}.yaml`),
        `kind: ConfigMap\ntext: |\n  {{- $text := tpl (.Files.Get "lines/${name}") . }}\n  {{ b64enc $text }}\n`,
      );
      await mkdir(join(chart, 'lines'), { recursive: true });
      await writeFile(join(chart, 'lines', name), body);
    }
    return await use(chart);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** A chart with one template of that text. */
export const withTemplateChart = async <T>(text: string, use: (chart: string) => Promise<T>): Promise<T> => {
  const folder = join(tmpdir(), `fairlead-template-${process.pid}-${Math.random().toString(36).slice(2)}`);
  const chart = join(folder, 'corpus');
  try {
    await cp(join(CHARTS, 'corpus'), chart, { recursive: true });
    await writeFile(join(chart, 'templates', 'expression.yaml'), text);
    return await use(chart);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** The texts of the documents of an expression chart, decoded, by name. */
export const decodeDocuments = (output: string): Map<string, string> =>
  new Map(
    [
      ...output.matchAll(
        /# Source: corpus\/templates\/(line-\d+)\.yaml\nkind: ConfigMap\ntext: \|\n(?: {2}([A-Za-z0-9+/=]*)\n)?/g,
      ),
    ].map(([, name = '', text = '']) => [name, Buffer.from(text, 'base64').toString('latin1')]),
  );

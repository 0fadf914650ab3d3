import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Lints one file of the given path and text with the project's rules, away from the project. */
const lint = async (path: string, text: string): Promise<{ failed: boolean; output: string }> => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-lint-'));
  try {
    copyFileSync(join(ROOT, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), text);
    const oxlint = join(ROOT, 'node_modules', 'oxlint', 'bin', 'oxlint');
    return await new Promise((resolve) => {
      execFile(process.execPath, [oxlint, 'src'], { cwd: folder }, (error, stdout) => {
        resolve({ failed: error !== null, output: stdout });
      });
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const importing = (from: string): string =>
  `import { thing } from '${from}';\n\nexport const use = (): unknown => thing;\n`;

describe('the layers', () => {
  const violations: readonly (readonly [path: string, from: string])[] = [
    ['src/objects/bad.ts', '../cluster/store/store.js'],
    ['src/render/bad.ts', '../cluster/client/client.js'],
    ['src/cluster/bad.ts', '../render/render.js'],
    ['src/cluster/api/bad.ts', '../../runtime/kubelet/kubelet.js'],
    ['src/runtime/kubelet/bad.ts', '../../cluster/api/api.js'],
    ['src/sync/bad.ts', '../cluster/store/store.js'],
    ['src/sync/compare/bad.ts', '../../runtime/kubelet/kubelet.js'],
  ];
  for (const [path, from] of violations) {
    it(`refuse that ${path} imports ${from}`, async () => {
      const { failed, output } = await lint(path, importing(from));
      assert.equal(failed, true);
      assert.match(output, /no-restricted-imports[\s\S]*ARCHITECTURE\.md/);
    });
  }

  it('let a folder import what its row names', async () => {
    for (const [path, from] of [
      ['src/sync/good.ts', '../cluster/client/client.js'],
      ['src/sync/good.ts', '../render/render.js'],
      ['src/runtime/good.ts', '../objects/object.js'],
      ['src/cli/good.ts', '../cluster/store/store.js'],
    ] as const) {
      const { failed, output } = await lint(path, importing(from));
      assert.equal(failed, false, output);
    }
  });
});

import assert from 'node:assert/strict';
import { detailText, historyText, listText } from '../../src/cli/commands/app/application-text.js';
import type { Application } from '../../src/sync/applications/application.js';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';

const application: Application = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: 'shop', namespace: 'argocd' },
  spec: {
    project: 'default',
    source: { repoURL: 'https://git.example/shop.git', path: 'deploy', targetRevision: 'main' },
    destination: { server: 'https://kubernetes.default.svc', namespace: 'shop' },
  },
  status: {
    sync: { status: 'Synced', revision: COMMIT },
    health: { status: 'Degraded', message: 'Deployment exceeded its progress deadline' },
    conditions: [{ type: 'SyncError', message: 'rolled back' }],
    quarantine: [{ revision: COMMIT, reason: 'readiness probe failed', since: '2026-01-02T03:04:05Z' }],
    resources: [
      { group: 'apps', version: 'v1', kind: 'Deployment', namespace: 'shop', name: 'web', status: 'Synced' },
      { version: 'v1', kind: 'Service', namespace: 'shop', name: 'old', status: 'OutOfSync', requiresPruning: true },
    ],
    history: [
      {
        id: 3,
        revision: COMMIT,
        deployedAt: '2026-01-02T03:04:05Z',
        initiatedBy: { automated: true },
        message: 'Change the page\n\nwith reasons',
      },
    ],
  },
};

describe('listText', () => {
  it('has a line for each application, with the short commit', () => {
    const [head, row] = listText([application]).split('\n');
    assert.match(head ?? '', /^NAME\s+NAMESPACE\s+SYNC\s+HEALTH\s+REVISION/);
    assert.match(
      row ?? '',
      /^shop\s+argocd\s+Synced\s+Degraded\s+0123456\s+shop\s+https:\/\/git\.example\/shop\.git deploy main$/,
    );
  });

  it('says so when there are none', () => {
    assert.equal(listText([]), 'No applications.');
  });
});

describe('detailText', () => {
  it('shows conditions, quarantine with its reason, and resources', () => {
    const text = detailText(application);
    assert.match(text, /Health: +Degraded Deployment exceeded its progress deadline/);
    assert.match(text, /Conditions:\nSyncError: rolled back/);
    assert.match(text, /Quarantined:\nREVISION[^\n]*\n0123456 +2026-01-02T03:04:05Z +readiness probe failed/);
    assert.match(text, /apps +Deployment +shop +web +Synced/);
    assert.match(text, /Service +shop +old +OutOfSync \(prune\)/);
  });

  it('copes with an application that nobody has looked at yet', () => {
    assert.match(detailText({ ...application, status: {} }), /Sync: +Unknown/);
  });
});

describe('historyText', () => {
  it("names who deployed and the first line of the commit's message", () => {
    assert.match(historyText(application), /3 +2026-01-02T03:04:05Z +0123456 +automated +Change the page$/);
  });
});

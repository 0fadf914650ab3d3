import { Command } from 'commander';
import { diffCommand } from './diff.js';
import { getCommand } from './get.js';
import { historyCommand } from './history.js';
import { listCommand } from './list.js';
import { logsCommand } from './logs.js';
import { rollbackCommand } from './rollback.js';
import { syncCommand } from './sync.js';
import { waitCommand } from './wait.js';

export const appCommand = (): Command => {
  const command = new Command('app').description('Look at applications and deploy them');
  for (const make of [
    listCommand,
    getCommand,
    diffCommand,
    syncCommand,
    historyCommand,
    rollbackCommand,
    logsCommand,
    waitCommand,
  ]) {
    command.addCommand(make());
  }
  return command;
};

import { getBuiltinModule } from 'node:process';

/**
 * Modules of Node.js that take milliseconds to load and that most renders do without: they are loaded when something is
 * first hashed, encrypted or unpacked.
 */
export const nodeCrypto = () => getBuiltinModule('node:crypto');
export const nodeZlib = () => getBuiltinModule('node:zlib');

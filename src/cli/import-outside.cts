/**
 * Loads what fetches from elsewhere, which has threads of its own and is no part of the bundle of the small commands. A
 * file by itself: what V8 takes from a bundle's compiled code cannot import modules.
 */
const importOutside = () => import('./template/outside-here.js');

export = { importOutside };

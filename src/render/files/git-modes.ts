/** Modes of entries in Git's trees, as trees write them. */
export const FOLDER_MODE = '40000';
export const LINK_MODE = '120000';
export const SUBMODULE_MODE = '160000';

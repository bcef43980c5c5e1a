/** Exit codes: what was asked is right; it is not (refused, let in); the question itself was wrong. */
export const EXIT = { right: 0, wrong: 1, usage: 2 } as const

import type { Change } from '../mutants/mutant.ts'

export type { Change } from '../mutants/mutant.ts'

/** A guard as texts of sources, and what is seen when they are taken out of the running processes. */
export interface Guard {
  /** The guard, in words. */
  readonly what: string
  /** Each text stands in its file exactly once. Several where guards stand one behind the other and each suffices. */
  readonly changes: readonly Change[]
  /** Stands in what the case says then, so that no other failure passes for this one. */
  readonly bites: string
}

/** Something that breaks, on one set of hosts and stores, and what must hold then. */
export interface Fault {
  /** The row of THREATS, F01 and so on. */
  readonly id: string
  /** On which hosts and stores. */
  readonly on: string
  /** What is done. */
  readonly done: string
  readonly holds: string
  readonly guards: readonly Guard[]
  /** Guards whose absence nothing here can show, and why. */
  readonly unshown?: readonly string[]
  /** What this machine lacks for it. */
  readonly missing?: string | undefined
  /** Does it, with these changes in the processes under test; returns what was seen. Throws `Bitten` where it does not hold. */
  run(changes: readonly Change[], scope: Scope): Promise<string>
}

/** The fault bit: what must hold did not. Everything else that is thrown is a fault of the test. */
export class Bitten extends Error {}

/** Throws `Bitten` unless it holds. `seen`: what was seen instead. */
export function must(holds: boolean, seen: string): asserts holds {
  if (!holds) throw new Bitten(seen)
}

/** What one run started, ended in the opposite order. */
export interface Scope {
  /** To be done at the end, whatever happens. */
  defer(undo: () => unknown): void
  end(): Promise<void>
}

export function scope(): Scope {
  const undos: (() => unknown)[] = []
  return {
    defer: (undo) => void undos.push(undo),
    async end() {
      let failed: unknown
      for (const undo of undos.splice(0).reverse()) {
        try {
          await undo()
        } catch (error) {
          failed ??= error
        }
      }
      if (failed !== undefined) throw failed
    },
  }
}

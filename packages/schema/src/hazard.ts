import type { Issue } from '@countersign/http'

/** Levels that a value may nest: as many as `parseJson` takes. */
const DEPTH = 64
const TOO_DEEP: Issue = Object.freeze({ pointer: '', detail: `is nested more than ${DEPTH} levels deep` })
const POISON: Issue = Object.freeze({ pointer: '', detail: 'names a prototype' })
/** Parts (members, items, blocks of 100 characters) that a value may have for all its errors to be looked for. */
const SMALL = 1_000

/**
 * What no value may have, whatever its schema: more than 64 levels (also: cycles), and names that poison a prototype when
 * the value is copied. Bodies that a framework's own parser took have not been through `parseJson`.
 */
export function findHazard(value: unknown, depth = 0): Issue | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (depth === DEPTH) return TOO_DEEP
  if (Array.isArray(value)) {
    for (const item of value) {
      const hazard = findHazard(item, depth + 1)
      if (hazard) return hazard
    }
    return undefined
  }
  for (const name of Object.keys(value)) {
    if (name === '__proto__') return POISON
    const member = (value as Record<string, unknown>)[name]
    if (typeof member !== 'object' || member === null) continue
    if (name === 'constructor' && Object.hasOwn(member, 'prototype')) return POISON
    const hazard = findHazard(member, depth + 1)
    if (hazard) return hazard
  }
  return undefined
}

/** True for a value so small that looking for all its errors is as good as free. */
export function isSmall(value: unknown): boolean {
  return partsLeft(value, SMALL) > 0
}

function partsLeft(value: unknown, left: number): number {
  let rest = left - 1
  if (typeof value === 'string') return rest - value.length / 100
  if (typeof value !== 'object' || value === null) return rest
  for (const name in value) {
    if (rest <= 0) break
    rest = partsLeft((value as Record<string, unknown>)[name], rest - name.length / 100)
  }
  return rest
}

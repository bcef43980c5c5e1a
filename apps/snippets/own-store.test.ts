// A store of one's own against the contract. The stand-in under it is SQLite: what counts is what a runner has to do.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqliteStore } from '@countersign/store'
import { storeContract } from '@countersign/store/contract'
import { afterAll, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'countersign-own-store-'))
afterAll(() => rmSync(folder, { recursive: true }))
let tables = 0
const newTable = () => join(folder, `${++tables}.db`)
const myStore = (table: string, options: { readonly clock: () => number }) => sqliteStore(table, options)

for (const { name, run } of storeContract) {
  test(name, () => {
    const table = newTable() // data of its own for each case
    return run((clock) => myStore(table, { clock })) // called twice in a case: a second handle
  })
}

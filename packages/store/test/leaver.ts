// Writes, watches, and ends without closing: a store is no reason to stay. Usage: leaver.ts ADDRESS.
import { openStore } from './open.ts'

const store = openStore(process.argv[2] as string)
await store.watch('', () => {})
await store.commit([{ key: 'left', value: '1' }])

// A module of a user's: an issuer whose keys live in a file.
import { sqliteStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'

export const own = localIssuer({
  issuer: 'https://api.acme.com',
  audience: 'https://api.acme.com',
  store: sqliteStore(process.env.AUTH_DB ?? ':memory:'),
  seal: Buffer.alloc(32, 1),
})
console.log('a module that talks')

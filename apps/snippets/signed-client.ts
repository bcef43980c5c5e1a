// The other side: a fetch that signs what it sends, and hands on no answer that its server did not sign.
// npm i @countersign/http-signatures
import { signedFetch, verifyingFetch } from '@countersign/http-signatures'

const api = process.env.API ?? 'https://api.acme.com'
const fetch = signedFetch({ keyid: 'partner-1', algorithm: 'ed25519', key: process.env.PRIVATE_KEY ?? '' })
const order = await fetch(`${api}/orders`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ sku: 'b-17' }),
})
console.log(order.status, await order.text())

const strict = signedFetch({
  keyid: 'partner-1',
  algorithm: 'ed25519',
  key: process.env.PRIVATE_KEY ?? '',
  fetch: verifyingFetch({ keys: { acme: { algorithm: 'hmac-sha256', key: process.env.ANSWER_SECRET ?? '' } } }),
})
console.log(await (await strict(`${api}/orders/7`)).text())

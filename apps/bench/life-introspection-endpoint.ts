// An introspection endpoint that says yes to everything, as a process.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const answer = JSON.stringify({
  active: true,
  sub: 'user-1',
  aud: 'https://api.example',
  scope: 'posts:read',
  client_id: 'web',
  exp: Math.floor(Date.now() / 1000) + 7200,
})
const server = createServer((request, response) => {
  request.resume().on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length }).end(answer)
  })
})
process.on('disconnect', () => process.exit())
server.listen(0, '127.0.0.1', () => {
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/introspect` })
})

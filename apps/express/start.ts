// `npm start`: the sample API on Express with its demo data, and a curl line for each way of authenticating.
import { DEMO_USERS, type Sample, serve, shownAddress } from '@sample/domain'
import express from 'express'
import { expressHost } from './app.ts'

process.env.DEMO ??= '1'
await serve((sample) => expressHost(express(), sample), greet)

/** What a stranger needs next. Every line that begins with `curl` can be pasted into a shell; a test runs each. */
async function greet(sample: Sample, url: string, demoKey: string): Promise<void> {
  const [admin] = DEMO_USERS
  const login = `curl -s ${url}/login -H 'content-type: application/json' -d '{"username":"${admin.username}","password":"${admin.password}"}'`
  const token = `TOKEN=$(${login} | sed -E 's/.*"access_token":"([^"]+)".*/\\1/')`
  console.log(`
Countersign sample API (Express). It holds demo data only.

  store         ${shownAddress(sample.settings.store)}
  signing key   ${await keyAge(sample)}
  console page  ${url}/
  demo users    ${DEMO_USERS.map(({ username, password, roles }) => `${username} / ${password} (${roles})`).join('\n                ')}

Log in:
  ${login}
With a token:
  ${token}; curl -i ${url}/me -H "authorization: Bearer $TOKEN"
With an API key:
  curl -i ${url}/me -H 'x-api-key: ${demoKey}'
With Basic:
  curl -i ${url}/me -u ${admin.username}:${admin.password}
With nothing, to see the challenges:
  curl -i ${url}/me

Stop it with Ctrl-C.
`)
}

async function keyAge({ own }: Sample): Promise<string> {
  await own.jwks() // the first key is made when it is needed
  const key = (await own.keys.list()).find(({ state }) => state === 'active')
  if (!key) return 'from the KEYS file'
  const hours = (Date.now() / 1000 - key.signsFrom) / 3600
  return `${key.algorithm}, ${hours < 1 ? `${Math.round(hours * 60)} min` : hours < 48 ? `${Math.round(hours)} h` : `${Math.round(hours / 24)} days`} old`
}

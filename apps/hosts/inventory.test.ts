// Every route of the sample with its policy, in a file: a route that loses its policy shows in a review.
import { fileURLToPath } from 'node:url'
import { inventory } from '@countersign/express'
import { inventoryText, type RouteEntry } from '@countersign/inventory'
import { anyone, type Condition, publicRoute } from '@countersign/policy'
import { openSample, readSettings, servedBy } from '@sample/domain'
import express from 'express'
import { expect, test } from 'vitest'
import { expressHost } from '../express/app.ts'
import { fastifyHost } from '../fastify/app.ts'

const FILE = fileURLToPath(new URL('../domain/inventory.txt', import.meta.url))
const sample = await openSample(readSettings({ STORE: 'memory:', DB: 'memory:', DEMO: '1' }))

test('apps/domain/inventory.txt has every route with its policy', async () => {
  await expect(inventoryText(servedBy(sample.routes, sample.endpoints))).toMatchFileSnapshot(FILE)
})

/** Each route with the whole of its policies, in an order that is not the framework's. */
const shown = (list: readonly RouteEntry[]) =>
  list
    .map(({ method, path, guards }) => ({ route: `${method} ${path}`, policies: guards.map(({ policy }) => policy) }))
    .sort((one, other) => (one.route < other.route ? -1 : 1))
const wanted = (every: readonly string[]) =>
  shown(
    servedBy(sample.routes, sample.endpoints).flatMap(({ method, path, policy = anyone }) =>
      (method === '*' ? every : [method]).map((method) => ({
        method,
        path,
        guards: [{ policy: 'describe' in policy ? policy.describe() : policy, on: 'route' as const }],
      })),
    ),
  )
/** What Fastify registers for every method; the HEAD of a GET is in no inventory. */
const EVERY = ['DELETE', 'GET', 'OPTIONS', 'PATCH', 'POST', 'PUT']

test('what is registered on Express is that list, each route with the policy that it has there, whole', () => {
  const app = express()
  expressHost(app, sample)
  expect(shown(inventory(app, { undeclared: 'refuse' }))).toEqual(wanted(['*']))
})

test('what is registered on Fastify is that list, each route with the policy that it has there, whole', async () => {
  expect(shown((await fastifyHost(sample)).routes)).toEqual(wanted(EVERY))
})

const NOTHING: Condition = { name: 'nothing', refuses: ['access_denied'], before: () => undefined }

test('a policy that has only the name is not taken for it', async () => {
  const routes = sample.routes.map((route) => ({
    ...route,
    policy: publicRoute({ name: route.policy.describe().name, conditions: [NOTHING] }),
  }))
  const app = express()
  expressHost(app, { ...sample, routes })
  expect(shown(inventory(app))).not.toEqual(wanted(['*']))
  expect(shown((await fastifyHost({ ...sample, routes })).routes)).not.toEqual(wanted(EVERY))
})

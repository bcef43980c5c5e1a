import { randomBytes, randomUUID, scrypt, scryptSync, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import fp from 'fastify-plugin'

const scryptAsync = promisify<string, Buffer, number, Buffer>(scrypt)

export interface User {
  id: string
  username: string
  roles: string[]
  salt: Buffer
  hash: Buffer
}

export interface OrderLine {
  product: string
  quantity: number
  unitPriceCents: number
}

export interface Order {
  id: string
  customerId: string
  lines: OrderLine[]
  totalCents: number
  state: 'open' | 'confirmed' | 'delivered' | 'cancelled'
  createdAt: string
}

declare module 'fastify' {
  interface FastifyInstance {
    store: ReturnType<typeof createStore>
  }
}

function user(id: string, username: string, password: string, roles: string[]): User {
  const salt = randomBytes(16)
  return { id, username, roles, salt, hash: scryptSync(password, salt, 32) }
}

function createStore() {
  const users = [
    user('c-1', 'carla', 'carla123', ['customer']),
    user('c-2', 'dario', 'dario123', ['customer']),
    user('s-1', 'root', 'root123', ['customer', 'admin']),
  ]

  const orders: Order[] = [
    {
      id: '2024-0001',
      customerId: 'c-1',
      lines: [{ product: 'Desk lamp', quantity: 1, unitPriceCents: 4900 }],
      totalCents: 4900,
      state: 'delivered',
      createdAt: '2024-11-04T08:30:00.000Z',
    },
    {
      id: '2024-0002',
      customerId: 'c-2',
      lines: [{ product: 'Office chair', quantity: 2, unitPriceCents: 18900 }],
      totalCents: 37800,
      state: 'open',
      createdAt: '2024-12-19T13:45:00.000Z',
    },
  ]

  return {
    users,
    orders,

    async checkPassword(username: string, password: string) {
      const found = users.find((u) => u.username === username)
      if (!found) return null
      const hash = await scryptAsync(password, found.salt, 32)
      return timingSafeEqual(hash, found.hash) ? found : null
    },

    addOrder(customerId: string, lines: OrderLine[]) {
      const order: Order = {
        id: randomUUID(),
        customerId,
        lines,
        totalCents: lines.reduce((sum, line) => sum + line.quantity * line.unitPriceCents, 0),
        state: 'open',
        createdAt: new Date().toISOString(),
      }
      orders.push(order)
      return order
    },
  }
}

export default fp(
  async (app) => {
    app.decorate('store', createStore())
  },
  { name: 'store' },
)

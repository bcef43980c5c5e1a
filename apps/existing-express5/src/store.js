import { randomUUID } from 'node:crypto'

const products = [
  { sku: 'MUG-01', name: 'Coffee mug', price: 1200 },
  { sku: 'TEE-01', name: 'T-shirt', price: 2500 },
  { sku: 'CAP-01', name: 'Cap', price: 1800 },
]

const seed = [
  {
    id: 'o-1001',
    userId: 'u1',
    items: [{ sku: 'MUG-01', quantity: 2 }],
    total: 2400,
    status: 'paid',
    createdAt: '2025-01-14T09:12:00.000Z',
  },
  {
    id: 'o-1002',
    userId: 'u1',
    items: [{ sku: 'TEE-01', quantity: 1 }],
    total: 2500,
    status: 'pending',
    createdAt: '2025-02-02T16:40:00.000Z',
  },
  {
    id: 'o-1003',
    userId: 'u2',
    items: [{ sku: 'CAP-01', quantity: 1 }],
    total: 1800,
    status: 'shipped',
    createdAt: '2025-02-03T11:05:00.000Z',
  },
]

// In memory for now, but async so that the routes do not change when the database arrives
export function createStore() {
  const orders = new Map(structuredClone(seed).map((order) => [order.id, order]))

  return {
    async listProducts() {
      return products
    },
    async findProduct(sku) {
      return products.find((product) => product.sku === sku)
    },
    async listOrders(filter = {}) {
      return [...orders.values()].filter(
        (order) =>
          (!filter.userId || order.userId === filter.userId) && (!filter.status || order.status === filter.status),
      )
    },
    async findOrder(id) {
      return orders.get(id)
    },
    async createOrder(fields) {
      const order = { id: randomUUID(), ...fields, status: 'pending', createdAt: new Date().toISOString() }
      orders.set(order.id, order)
      return order
    },
    async setOrderStatus(id, status) {
      const order = orders.get(id)
      if (order) order.status = status
      return order
    },
  }
}
